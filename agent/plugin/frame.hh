// SPDX-License-Identifier: Apache-2.0
// The channel between the agent and a plugin host: a stream socket carrying frames of fixed layout,
// little-endian, the same build on both ends (kVersion says so). Protobuf would cost the host its
// size and each sample an allocation.
//
//   frame    Header, then `length` bytes
//   string   u32 length, then that many bytes of UTF-8
//
//   to the host                               answered by
//   kHello      Hello, strings id vendor      kStarted (Started) or
//               version, then each interface  kFailed (Failure, string)
//               of the manifest, then key
//               value of each setting, then
//               each excluded key
//   kEnumerate  Call                          kDevices (Reply, records) or kFailed
//   kMetrics    Call                          kMetricList (Reply, records) or kFailed
//   kSample     Call, count × u32 metric id;  per Call: kSamples (Reply, count × Reading) or
//               as often as there are devices kFailed
//   kCheck      Call                          kFindings (Reply, records) or kFailed
//   kStop       nothing                       kStopped; closing the channel ends the host
//
//   unasked     kLog (Log, string), kComplaint (string), kEvents (Reply, records)
//
// Records of a reply: DeviceRecord + 9 strings (key vendor model serial uuid pci firmware driver
// note), PeakRecord + 2 strings (dtype source), MetricRecord + 4 strings (name label
// label_value help), VerdictRecord + 4 strings (check reason sentence action), EventRecord + 2
// strings (reason sentence), EvidenceRecord + 2 strings (name text). Peaks follow their device,
// evidence follows its verdict or event.
#pragma once

#include <cstdint>
#include <string_view>

namespace farmhand::frame {

constexpr uint32_t kVersion = 3;
constexpr uint32_t kCallBytesMax = 4u << 20;                     // what one call may emit
constexpr uint32_t kFrameBytesMax = kCallBytesMax + (64 << 10);  // a longer one is a broken channel

// The descriptors a host is born with.
constexpr int kChannelFd = 3;
constexpr int kLibraryFd = 4;
constexpr int kCallPageFd = 5;

enum class Type : uint16_t {
  kHello = 1,
  kEnumerate = 2,
  kMetrics = 3,
  kSample = 4,
  kStop = 5,
  kCheck = 6,
  kStarted = 16,
  kFailed = 17,
  kDevices = 18,
  kMetricList = 19,
  kSamples = 20,
  kLog = 21,
  kStopped = 22,
  kComplaint = 23,  // what the plugin did wrong, as a sentence; what it gave was left out
  kFindings = 24,
  kEvents = 25,
};

// What a worker is doing, in frames and in the call page.
enum class Operation : uint32_t {
  kNone = 0,
  kLoad = 1,
  kCreate = 2,
  kStart = 3,
  kEnumerate = 4,
  kMetrics = 5,
  kSample = 6,
  kStop = 7,
  kDestroy = 8,
  kQuery = 9,
  kCheck = 10,
  kWait = 11,  // for events
};

// `sample`; inline, for the host links nothing of this folder.
constexpr std::string_view name_of(Operation operation) {
  constexpr std::string_view kNames[] = {"no call",   "load",    "create", "start",
                                         "enumerate", "metrics", "sample", "stop",
                                         "destroy",   "query",   "check",  "wait"};
  const auto at = static_cast<uint32_t>(operation);
  return at < sizeof kNames / sizeof kNames[0] ? kNames[at] : kNames[0];
}

constexpr uint32_t kNoDevice = UINT32_MAX;
constexpr uint64_t kHelloCallId = 1;  // create and start; other calls count on from 2

struct Header {
  uint32_t length;
  Type type;
  uint16_t reserved0;
};

struct Hello {
  uint32_t version;
  uint32_t setting_count;
  uint32_t excluded_count;
  uint32_t interface_count;
  uint64_t flags;  // FH_FLAG_*, as the manifest has them
  uint16_t abi_minor;
  uint16_t reserved0;
  uint32_t reserved1;
};

struct Call {
  uint64_t id;
  uint64_t deadline_boottime_ns;
  uint32_t device;
  uint32_t count;
};

struct Started {
  uint64_t flags;  // FH_FLAG_*
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t interfaces;  // kHasDevices, …
};
constexpr uint32_t kHasDevices = 1;
constexpr uint32_t kHasTelemetry = 2;
constexpr uint32_t kHasHealth = 4;
constexpr uint32_t kHasEvents = 8;

struct Failure {
  uint64_t id;
  uint64_t elapsed_ns;
  int64_t vendor_code;
  uint32_t device;
  int32_t status;  // FH_E_*
  Operation operation;
  uint32_t reserved0;
};

struct Reply {
  uint64_t id;
  uint64_t elapsed_ns;  // inside the plugin
  uint32_t device;
  uint32_t count;  // records or readings that follow
};

struct Reading {
  uint16_t metric;
  uint8_t status;  // FH_SAMPLE_*
  uint8_t reserved0;
  uint32_t reserved1;
  double value;
  uint64_t boottime_ns;
};

struct DeviceRecord {
  uint32_t kind;  // FH_RECORD_DEVICE
  uint32_t handle;
  int32_t device_kind;
  int32_t state;
  int32_t numa_node;
  int32_t index;
  uint64_t memory_bytes;
};
constexpr int kDeviceStrings = 9;

struct PeakRecord {
  uint32_t kind;  // FH_RECORD_PEAK
  uint32_t handle;
  double tera_ops;
};

struct MetricRecord {
  uint32_t kind;  // FH_RECORD_METRIC
  uint32_t id;
  int32_t metric_kind;
  int32_t unit;
  uint32_t interval_ms;
  uint32_t reserved0;
};

struct VerdictRecord {
  uint32_t kind;  // FH_RECORD_VERDICT
  int32_t verdict;
  uint64_t boottime_ns;
};

struct EventRecord {
  uint32_t kind;  // FH_RECORD_EVENT
  uint32_t handle;
  int32_t severity;
  uint32_t lost;
  int64_t vendor_code;
  uint64_t boottime_ns;
};

struct EvidenceRecord {
  uint32_t kind;  // FH_RECORD_EVIDENCE
  int32_t unit;
  uint32_t bounds;  // FH_BOUND_*
  uint32_t reserved0;
  double value;
  double least;
  double most;
};

struct Log {
  int32_t level;
  uint32_t dropped;  // lines held back since the last one that came
};

static_assert(sizeof(Header) == 8 && sizeof(Hello) == 32 && sizeof(Call) == 24);
static_assert(sizeof(Started) == 16 && sizeof(Failure) == 40 && sizeof(Reply) == 24);
static_assert(sizeof(Reading) == 24 && sizeof(DeviceRecord) == 32 && sizeof(PeakRecord) == 16);
static_assert(sizeof(MetricRecord) == 24 && sizeof(Log) == 8 && sizeof(VerdictRecord) == 16);
static_assert(sizeof(EventRecord) == 32 && sizeof(EvidenceRecord) == 40);

}  // namespace farmhand::frame
