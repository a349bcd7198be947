// SPDX-License-Identifier: Apache-2.0
// The coordinator's memory: one SQLite file (schema.sql), used on the store thread only. All
// questions to it are methods of the tables below, named as questions, so that another engine is
// another set of these and nothing else.
#pragma once

#include <memory>
#include <string>

#include "coordinator/command_table.hh"
#include "coordinator/device_table.hh"
#include "coordinator/fleet_table.hh"
#include "coordinator/health_table.hh"
#include "coordinator/lane_table.hh"
#include "coordinator/node_table.hh"
#include "coordinator/token_table.hh"
#include "store/database.hh"

namespace farmhand::coordinator {

class Store {
 public:
  // Creates the file where there is none. One that a newer coordinator made is kUnsupported.
  static Result<std::unique_ptr<Store>> open(const std::string& path);

  // For the checker, while nobody serves the file (the lock of the state directory is held).
  static Result<std::unique_ptr<Store>> open_to_read(const std::string& path);

  Result<sqlite::Transaction> begin() { return sqlite::Transaction::begin(db_); }

  // Writes the WAL back once it has grown. Between transactions; a failure is tried again later.
  void tidy();

 private:
  explicit Store(sqlite::Database db) : db_(std::move(db)) {}
  Result<void> create_or_check();
  Result<void> upgrade();
  Result<void> prepare();

  sqlite::Database db_;  // before the statements: they go first

 public:
  NodeTable nodes;
  LaneTable lanes;
  DeviceTable devices;
  CommandTable commands;
  TokenTable tokens;
  HealthTable health;
  FleetTable fleet;
};

// Checks every lane's ledger.
Result<FarmReport> check_farm(Store& store);

}  // namespace farmhand::coordinator
