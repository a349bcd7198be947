// SPDX-License-Identifier: Apache-2.0
// What a job needs to use its devices:
//
//   void prepare(farmhand::Call& call, const farmhand::Lease& lease) {
//     for (const farmhand::Leased& each : lease.devices) call.emit(farmhand::node_record(path));
//     call.emit(farmhand::variable_record("ACME_VISIBLE_DEVICES", list));
//   }
//   void release(farmhand::Call& call, const farmhand::Lease& lease);
#pragma once

#include <string>
#include <vector>

#include "farmhand/instance.hh"
#include "farmhand/jobenv.h"

namespace farmhand {

struct Leased {
  uint32_t device;
  std::string slice;  // empty: the whole device
};

// A copy of fh_lease.
struct Lease {
  explicit Lease(const fh_lease* given) {
    const fh_lease lease = taken(given);
    id = view(lease.id);
    kept = view(lease.kept);
    container = lease.container == 1;
    for (uint32_t i = 0; lease.devices != nullptr && i < lease.device_count; ++i) {
      devices.push_back({lease.devices[i].device, std::string(view(lease.devices[i].slice))});
    }
  }
  std::string id;
  std::string kept;
  bool container = false;
  std::vector<Leased> devices;
};

inline fh_node node_record(std::string_view path, std::string_view target = {},
                           uint32_t access = FH_ACCESS_READ | FH_ACCESS_WRITE) {
  fh_node record = made<fh_node>();
  record.kind = FH_RECORD_NODE;
  record.access = access;
  record.path = str(path);
  record.target = str(target);
  return record;
}

inline fh_variable variable_record(std::string_view name, std::string_view value) {
  fh_variable record = made<fh_variable>();
  record.kind = FH_RECORD_VARIABLE;
  record.name = str(name);
  record.value = str(value);
  return record;
}

inline fh_mount mount_record(std::string_view source, std::string_view target = {},
                             uint32_t flags = 0) {
  fh_mount record = made<fh_mount>();
  record.kind = FH_RECORD_MOUNT;
  record.flags = flags;
  record.source = str(source);
  record.target = str(target);
  return record;
}

inline fh_keep keep_record(std::string_view text) {
  fh_keep record = made<fh_keep>();
  record.kind = FH_RECORD_KEEP;
  record.text = str(text);
  return record;
}

template <class P>
concept Prepares = requires(P& plugin, Call& call, const Lease& lease) {
  plugin.prepare(call, lease);
};
template <class P>
concept Releases = requires(P& plugin, Call& call, const Lease& lease) {
  plugin.release(call, lease);
};

template <class P>
struct JobenvTable {
  static_assert(Prepares<P> == Releases<P>, "prepare() and release() come together");

  static const void* find(std::string_view id) {
    if constexpr (Prepares<P>) {
      if (id == FH_JOBENV_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t prepare(void* self, const fh_call* given, const fh_lease* lease) noexcept {
    return in_call<P>(
        self, given, [lease](P& plugin, Call& call) { return plugin.prepare(call, Lease(lease)); });
  }
  static int32_t release(void* self, const fh_call* given, const fh_lease* lease) noexcept {
    return in_call<P>(
        self, given, [lease](P& plugin, Call& call) { return plugin.release(call, Lease(lease)); });
  }
  static constexpr fh_jobenv kTable{sizeof(fh_jobenv), 0, &prepare, &release};
};

}  // namespace farmhand
