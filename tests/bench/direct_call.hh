// SPDX-License-Identifier: Apache-2.0
// A plugin in our own process, called without anything between: what isolation is compared with.
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "farmhand/devices.h"
#include "farmhand/telemetry.h"

namespace farmhand {

class DirectPlugin {
 public:
  explicit DirectPlugin(const std::string& path) {
    void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) give_up(::dlerror());
    entry_ = static_cast<const fh_plugin_entry*>(::dlsym(library, "farmhand_plugin_v1"));
    if (entry_ == nullptr) give_up("it has no entry");
    host_.struct_size = sizeof host_;
    host_.abi_major = FH_ABI_MAJOR;
    host_.ctx = this;
    host_.emit = [](void* self, void*, const fh_record* record) {
      return static_cast<DirectPlugin*>(self)->take(record);
    };
    fh_config config{};
    config.struct_size = sizeof config;
    error_.struct_size = sizeof error_;
    if (entry_->create(&host_, &config, &self_, &error_) != FH_OK) give_up(error_.text);
    if (entry_->start(self_, &error_) != FH_OK) give_up(error_.text);
    telemetry_ = static_cast<const fh_telemetry*>(
        entry_->query(self_, {FH_TELEMETRY_ID, sizeof(FH_TELEMETRY_ID) - 1, 0}));
    const auto call = call_for(0);
    if (telemetry_ == nullptr || telemetry_->metrics(self_, &call) != FH_OK) give_up("no metrics");
    samples.reserve(ids_.size());
  }
  ~DirectPlugin() {
    entry_->stop(self_, &error_);
    entry_->destroy(self_);
  }
  DirectPlugin(const DirectPlugin&) = delete;
  DirectPlugin& operator=(const DirectPlugin&) = delete;

  void sample(uint32_t device) {
    samples.clear();
    const auto call = call_for(device);
    if (telemetry_->sample(self_, &call, ids_.data(), static_cast<uint32_t>(ids_.size())) !=
        FH_OK) {
      give_up("sample failed");
    }
  }

  std::vector<fh_sample> samples;

 private:
  [[noreturn]] static void give_up(const char* why) {
    std::fprintf(stderr, "direct call: %s\n", why);
    std::exit(1);
  }

  fh_call call_for(uint32_t device) {
    return {.struct_size = sizeof(fh_call),
            .device = device,
            .deadline_boottime_ns = UINT64_MAX,
            .call_id = ++calls_,
            .sink = this,
            .err = &error_};
  }

  int32_t take(const fh_record* record) {
    if (record->kind == FH_RECORD_METRIC) {
      ids_.push_back(reinterpret_cast<const fh_metric*>(record)->id);
    } else {
      samples.push_back(*reinterpret_cast<const fh_sample*>(record));
    }
    return FH_OK;
  }

  const fh_plugin_entry* entry_ = nullptr;
  const fh_telemetry* telemetry_ = nullptr;
  void* self_ = nullptr;
  fh_host host_{};
  fh_error error_{};
  std::vector<uint32_t> ids_;
  uint64_t calls_ = 0;
};

}  // namespace farmhand
