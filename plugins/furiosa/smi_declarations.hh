// SPDX-License-Identifier: Apache-2.0
// What libfuriosa_smi.so takes and gives, declared by ourselves after its public header in all its
// revisions: furiosa-ai/furiosa-smi-go, pkg/smi/furiosa_smi.h, 53cf3ae (2024-08) to cc9b490
// (2025-12). The library has no version call and reuses symbol names for other structs; which of
// these layouts is the right one, smi_library.cc concludes from the symbols that are there.
//
// Handles are plain numbers, every out struct is the caller's, 0 is the only code that means the
// same everywhere. Char arrays may lack their final NUL.
#pragma once

#include <cstddef>
#include <cstdint>

namespace farmhand::furiosa::smi {

inline constexpr uint32_t kHandlesMax = 64;
inline constexpr uint32_t kCoresMax = 64;
inline constexpr uint32_t kStatusesMax = 128;
inline constexpr uint32_t kFilesMax = 64;
inline constexpr size_t kTextBytes = 96;
inline constexpr size_t kPathBytes = 256;

struct Handles {
  uint32_t count;
  uint32_t handles[kHandlesMax];
};
static_assert(sizeof(Handles) == 260);

// The part of a version that all revisions since 2024-11 share.
struct Version {
  uint32_t major, minor, patch;
  char hash[kTextBytes];
};
static_assert(sizeof(Version) == 108);

// The first 512 bytes, which are the same in every revision since 2024-11.
struct Info {
  uint32_t index;
  uint32_t architecture;
  uint32_t core_count;
  int32_t numa_node;  // -1 where there is none
  char name[kTextBytes];
  char serial[kTextBytes];
  char uuid[kTextBytes];
  char bdf[kTextBytes];
  uint16_t node_major, node_minor;
  Version firmware;
};
static_assert(sizeof(Info) == 512 && offsetof(Info, bdf) == 304 && offsetof(Info, firmware) == 404);

struct File {
  uint32_t core_first, core_last;
  char path[kPathBytes];
};
struct Files {
  uint32_t count;
  File files[kFilesMax];
};
static_assert(sizeof(Files) == 16900);

struct Temperature {
  double peak, ambient;  // °C
};
struct Power {
  double rms_total;  // W
};

// Until 2025-02 an entry has no core number: its place is the number.
struct OldCycles {
  int64_t unix_seconds;  // too coarse for rates
  uint64_t all, busy;
};
struct Cycles {
  int64_t unix_seconds;
  uint32_t core;
  uint32_t reserved;
  uint64_t all, busy;
};
struct OldCounters {
  uint32_t count;
  uint32_t reserved;
  OldCycles cores[kCoresMax];
};
struct Counters {
  uint32_t count;
  uint32_t reserved;
  Cycles cores[kCoresMax];
};
static_assert(sizeof(OldCounters) == 1544 && sizeof(Counters) == 2056);

// 0: free, 1: held by a program.
struct OldStatuses {
  uint32_t count;
  uint32_t status[kStatusesMax];
};
struct CoreValue {
  uint32_t core, value;
};
struct Statuses {
  uint32_t count;
  CoreValue cores[kStatusesMax];
};
static_assert(sizeof(OldStatuses) == 516 && sizeof(Statuses) == 1028);

struct Frequencies {  // MHz
  uint32_t count;
  CoreValue cores[kCoresMax];
};
static_assert(sizeof(Frequencies) == 516);

// One symbol, two structs: this until 2025-02, …
struct OldMemory {
  uint64_t total_bytes, used_bytes;
};
// … and this from 2025-12 on.
struct MemoryBlock {
  uint32_t core_count;
  uint32_t cores[kCoresMax];
  uint32_t reserved;
  uint64_t total_bytes, used_bytes;
};
struct MemoryBlocks {
  uint32_t count;
  uint32_t reserved;
  MemoryBlock blocks[kCoresMax];
};
struct Memory {
  MemoryBlocks dram, dram_shared, sram, instruction;
};
static_assert(sizeof(MemoryBlock) == 280 && sizeof(MemoryBlocks) == 17928 &&
              sizeof(Memory) == 71712);

struct Disabled {
  uint32_t count;
  char bdf[kHandlesMax][kTextBytes];
};
static_assert(sizeof(Disabled) == 6148);

// Bits of the throttle reasons.
inline constexpr uint32_t kThrottleIdle = 1u << 0;
inline constexpr uint32_t kThrottleThermal = 1u << 1;
inline constexpr uint32_t kThrottlePowerCap = 1u << 2;
inline constexpr uint32_t kThrottleClockCap = 1u << 3;
inline constexpr uint32_t kThrottleHardwareClock = 1u << 4;
inline constexpr uint32_t kThrottleBus = 1u << 5;
inline constexpr uint32_t kThrottleHardwarePower = 1u << 6;
inline constexpr uint32_t kThrottleOther = 1u << 7;

inline constexpr int32_t kOk = 0;
inline constexpr int32_t kLost = 5;  // since 2025-08-05; before it is "busy"

// Each call gets so many zeroed bytes, whatever its struct has today.
inline constexpr size_t kBufferBytes = 128 * 1024;

}  // namespace farmhand::furiosa::smi
