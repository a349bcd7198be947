// SPDX-License-Identifier: Apache-2.0
// Faults that are switched on and off at run time, through a file.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <farmhand/call.hh>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace farmhand::sim {

enum class Fault : uint8_t {
  kCrash,
  kHang,
  kSpin,
  kLeak,
  kLost,
  kGarbage,
  kCounterBackwards,
  kNoPermission,
  kSlow,
  kDstate,
  kStale,
  kVanish,
  kUnmanaged,
  kOverheat,
  kEcc,
  kEnumerateHang,
  kEnumerateFail,
};

// One line of the file.
struct FaultLine {
  std::string target;  // device index, key, or `*`
  Fault fault;
  std::string argument;

  bool is_for(uint32_t index, std::string_view key) const;
  // The argument as a number, or the fault's default.
  uint64_t number(uint64_t otherwise) const;
};

// Format, one fault per line: `<device index or key or *> <fault> [argument]`; '#' begins a
// comment. A file that is not there means no faults. Asking costs one stat(); may be asked from any
// thread.
class Control {
 public:
  using Lines = std::shared_ptr<const std::vector<FaultLine>>;

  Control(const Host& host, std::string path) : host_(host), path_(std::move(path)) {}

  Lines lines();

  // The device's line of that fault as the file is now, or null.
  std::shared_ptr<const FaultLine> find(uint32_t index, std::string_view key, Fault fault);

 private:
  bool changed(const struct stat& now) const;
  void read_again();
  void parse_line(std::string_view line, uint32_t number, std::vector<FaultLine>* out) const;

  const Host& host_;
  std::string path_;
  std::mutex mutex_;
  struct stat seen_ {};
  std::string content_;
  Lines lines_ = std::make_shared<std::vector<FaultLine>>();
};

}  // namespace farmhand::sim
