// SPDX-License-Identifier: Apache-2.0
// state.db: what a node must not forget, apart from the outbox, which is disposable. Holds a
// key/value table `meta`, and the tables of whoever passes a Module.
//
// Like the outbox's file it is open or it is not: on a disk that cannot be read or written now it
// opens at a later use.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.hh"
#include "store/statement.hh"

namespace farmhand {

class StateFile {
 public:
  // The tables of one part. Step i takes them from version i to i + 1; released steps never change,
  // a new need is a new step.
  struct Module {
    std::string_view name;
    std::vector<std::string_view> steps;  // SQL, embedded by meson's `embed_sql`
  };

  // Brings every module to its last version, in one transaction. A file that a newer Farmhand has
  // taken further is kUnsupported: it is not ours to guess at.
  static Result<StateFile> open(const std::string& path, const std::vector<Module>& modules = {});
  // The same file, not open yet.
  static StateFile closed(const std::string& path, const std::vector<Module>& modules);

  Result<void> ensure_open();  // does nothing when it is
  Result<std::optional<std::string>> find(std::string_view key);
  Result<void> set(std::string_view key, std::string_view value);  // durable when it returns

  sqlite::Database& database() { return *db_; }  // when it is open

 private:
  StateFile(std::string path, std::vector<Module> modules)
      : path_(std::move(path)), modules_(std::move(modules)) {}
  Result<void> open_tables();
  Result<void> migrate(const Module& module);
  Result<void> prepare();

  std::string path_;
  std::vector<Module> modules_;
  std::optional<sqlite::Database> db_;
  sqlite::Statement find_, set_;
};

}  // namespace farmhand
