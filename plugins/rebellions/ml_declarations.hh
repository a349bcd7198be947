// SPDX-License-Identifier: Apache-2.0
// What librbln-ml.so.1 takes and gives, declared by ourselves after its public header:
// RBLN-SW/rbln-container-toolkit@04f7e36, third_party/go-rbln-ml/include/uapi/rblnml.h. Char arrays
// may lack their final NUL.
#pragma once

#include <cstddef>
#include <cstdint>

namespace farmhand::rebellions::ml {

using Handle = uint64_t;

inline constexpr int32_t kOk = 0;
inline constexpr int32_t kNoPermission = 3;
inline constexpr int32_t kNotFound = 4;
inline constexpr int32_t kIoctlFailed = 5;

inline constexpr size_t kVersionBytes = 128;

struct DeviceInfo {
  char uuid[38];
  char bus_id[32];
  char hole[2];  // the compiler's, before the 8-byte number
  uint64_t serial;
  uint32_t board_info;
  uint32_t number;  // N of rblnN
  uint32_t group;
  uint32_t numa_node;
};
static_assert(sizeof(DeviceInfo) == 96 && offsetof(DeviceInfo, serial) == 72 &&
              offsetof(DeviceInfo, numa_node) == 92);

struct HwIpInfo {
  uint64_t sram_base, dram_base, dram_bytes;
  uint32_t sram_bytes, pci_device_id, cpld_version, chiplets;
  char cpucp_version[kVersionBytes];
  char card_name[16];
  uint32_t revision, drm_minor, clusters, hole;
  uint64_t reserved[4];
};
static_assert(sizeof(HwIpInfo) == 232 && offsetof(HwIpInfo, card_name) == 168);

struct ContextInfo {
  uint32_t task_number, group_context, context, priority, asid, hole;
  uint64_t dram_bytes, done, submitted, requested;
  uint32_t core_utilization, flags, buffers, processes, mains, subs, tasks, error;
  uint8_t destroyed, guilty;  // guilty: aborted by the firmware
  uint8_t tail[6];
};
static_assert(sizeof(ContextInfo) == 96 && offsetof(ContextInfo, error) == 84 &&
              offsetof(ContextInfo, guilty) == 89);

// The library gives no number of contexts back: a full array may hide more of them.
inline constexpr size_t kContextsMax = 128;

// Each struct is asked for in a zeroed buffer of this size, whatever it needs today.
inline constexpr size_t kBufferBytes = 64 * 1024;
static_assert(kContextsMax * sizeof(ContextInfo) * 4 <= kBufferBytes);

}  // namespace farmhand::rebellions::ml
