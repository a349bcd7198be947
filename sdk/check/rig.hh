// SPDX-License-Identifier: Apache-2.0
// A host for one instance of the plugin: drives it through its life, offers the host services as
// well or as badly as a test wants, and notes what breaks a rule.
#pragma once

#include <farmhand/abi.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "findings.hh"
#include "guard.hh"
#include "options.hh"
#include "records.hh"

namespace farmhand::check {

// How the host is on its worst day.
struct Mood {
  Lending lending = Lending::kPlain;
  uint32_t host_size = 0;  // of fh_host and fh_config; 0: whole
  uint32_t config_size = 0;
  bool newer = false;           // longer structs than ours, with bytes nobody knows
  int32_t emit_status = FH_OK;  // what `emit` answers after `emit_good` good ones
  uint32_t emit_good = 0;
  bool always_cancelled = false;
  uint64_t deadline_ms = 5000;
};

class Rig {
 public:
  Rig(const fh_plugin_entry& entry, Findings& findings, Settings settings = {}, Mood mood = {});
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig();  // stops and destroys what still lives

  int32_t create(std::span<const std::string> excluded = {});
  int32_t start();
  int32_t stop();
  void destroy();

  template <class Table>
  const Table* find(const char* id) {
    return static_cast<const Table*>(query(id));
  }
  const void* query(std::string_view id);

  // Runs one [worker] or [long] call. `body` makes it with the arguments lent.
  using Body = std::function<int32_t(void* self, const fh_call* call, Loan& loan)>;
  int32_t call(Op op, uint32_t device, const Body& body, std::span<const uint32_t> wanted = {});

  // What the last call of this thread emitted.
  Sink& last() const;

  Mood mood;
  std::atomic<bool> cancelled{false};
  std::atomic<uint32_t> log_lines{0};
  std::string error;  // text of the last failure
  bool created() const { return self_ != nullptr; }
  bool started() const { return started_; }

 private:
  static void on_log(void* ctx, int32_t level, fh_str message);
  static int32_t on_emit(void* ctx, void* sink, const fh_record* record);
  static int32_t on_cancelled(void* ctx, const fh_call* call);
  static const void* on_query(void* ctx, fh_str id);

  void lend_host();
  const fh_config* lend_config(Loan& loan, std::span<const std::string> excluded);
  int32_t control(const char* name, const std::function<int32_t(fh_error*)>& body);
  void check_status(const char* name, int32_t status, const fh_error& error);

  const fh_plugin_entry& entry_;
  Findings& found_;
  Settings settings_;
  Loan host_loan_;
  fh_host* host_ = nullptr;
  void* self_ = nullptr;
  bool started_ = false;
  std::mutex mutex_;
  std::list<Sink> sinks_;
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint32_t> emitted_{0};
};

}  // namespace farmhand::check
