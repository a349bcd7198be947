// SPDX-License-Identifier: Apache-2.0
// NVML as far as this plugin uses it, declared by ourselves. Names, numbers and layouts:
// NVIDIA/go-nvml@2f9e261, gen/nvml/nvml.h (NVML 13.3). Symbols are asked for with their suffix: the
// header renames the plain names by macro, and the plain symbols are older functions.
#pragma once

#include <cstdint>

namespace farmhand::nvidia::nvml {

using Ret = int32_t;
using Device = struct DeviceOfLibrary*;
using EventSet = struct EventSetOfLibrary*;
using GpuInstance = struct GpuInstanceOfLibrary*;
using ComputeInstance = struct ComputeInstanceOfLibrary*;

// nvmlReturn_t
constexpr Ret kSuccess = 0;
constexpr Ret kUninitialized = 1;
constexpr Ret kInvalidArgument = 2;
constexpr Ret kNotSupported = 3;
constexpr Ret kNoPermission = 4;
constexpr Ret kNotFound = 6;
constexpr Ret kInsufficientSize = 7;
constexpr Ret kDriverNotLoaded = 9;
constexpr Ret kTimeout = 10;
constexpr Ret kFunctionNotFound = 13;
constexpr Ret kGpuIsLost = 15;
constexpr Ret kResetRequired = 16;
constexpr Ret kMismatch = 18;
constexpr Ret kInUse = 19;
constexpr Ret kNoData = 21;
constexpr Ret kVgpuEccNotSupported = 22;
constexpr Ret kInsufficientResources = 23;
constexpr Ret kVersionMismatch = 25;
constexpr Ret kDeprecated = 26;
constexpr Ret kNotReady = 27;
constexpr Ret kGpuNotFound = 28;

// Sizes of the texts, with their NUL (NVML_DEVICE_*_BUFFER_SIZE).
constexpr uint32_t kUuidSize = 96;
constexpr uint32_t kNameSize = 96;
constexpr uint32_t kSerialSize = 30;
constexpr uint32_t kVbiosSize = 32;
constexpr uint32_t kVersionSize = 80;

struct PciInfo {
  char legacy_id[16];
  uint32_t domain, bus, device, device_id, subsystem_id;
  char bus_id[32];  // `00000000:10:00.0`
};
static_assert(sizeof(PciInfo) == 68);

struct Memory {
  uint64_t total, free, used;
};
struct Memory2 {
  uint32_t version = sizeof(Memory2) | 2u << 24;
  uint64_t total = 0, reserved = 0, free = 0, used = 0;
};
static_assert(sizeof(Memory2) == 40);

struct Utilization {
  uint32_t gpu, memory;
};

struct Temperature {
  uint32_t version = sizeof(Temperature) | 1u << 24;
  uint32_t sensor = 0;  // the chip
  int32_t celsius = 0;
};
static_assert(sizeof(Temperature) == 12);

struct ProcessInfo {
  uint32_t pid;
  uint64_t bytes;
  uint32_t gpu_instance, compute_instance;
};
static_assert(sizeof(ProcessInfo) == 24);

struct FieldValue {
  uint32_t field, scope;
  int64_t time_us, latency_us;
  uint32_t type;
  Ret ret;
  union {
    double real;
    uint32_t u32;
    uint64_t u64;
    int64_t i64;
    int32_t i32;
    uint16_t u16;
  } value;
};
static_assert(sizeof(FieldValue) == 40);

// nvmlValueType_t
constexpr uint32_t kTypeDouble = 0, kTypeU32 = 1, kTypeUnsignedLong = 2, kTypeU64 = 3, kTypeI64 = 4,
                   kTypeI32 = 5, kTypeU16 = 6;

// NVML_FI_DEV_*
constexpr uint32_t kFieldMemoryTemperature = 82;
constexpr uint32_t kFieldRecoveryAction = 230;

// Kinds of clocks, thresholds, errors, counters.
constexpr uint32_t kClockSm = 1, kClockMemory = 2;
constexpr uint32_t kThresholdShutdown = 0, kThresholdSlowdown = 1;
constexpr uint32_t kCorrected = 0, kUncorrected = 1;
constexpr uint32_t kVolatile = 0, kAggregate = 1;
constexpr uint32_t kCauseSingleBit = 0, kCauseDoubleBit = 1;
constexpr uint32_t kPstateUnknown = 32;
constexpr uint32_t kLinksMax = 36;       // NVML_NVLINK_MAX_LINKS
constexpr uint32_t kLinkErrorKinds = 4;  // replay, recovery, CRC of flits, CRC of data

// nvmlClocksEventReason*
constexpr uint64_t kReasonIdle = 0x1, kReasonSetting = 0x2, kReasonPowerCap = 0x4,
                   kReasonHardware = 0x8, kReasonSyncBoost = 0x10, kReasonSoftwareThermal = 0x20,
                   kReasonHardwareThermal = 0x40, kReasonPowerBrake = 0x80, kReasonDisplay = 0x100;

// NVML_GPU_RECOVERY_ACTION_*
constexpr uint32_t kRecoveryNone = 0, kRecoveryReset = 1, kRecoveryReboot = 2, kRecoveryMax = 5;

struct EventData {
  Device device;
  uint64_t type, data;
  uint32_t gpu_instance, compute_instance;
};
static_assert(sizeof(EventData) == 32);

// nvmlEventType*
constexpr uint64_t kEventDoubleBit = 0x2, kEventXid = 0x8, kEventRetired = 0x400,
                   kEventRetireFailed = 0x800, kEventFatalPoison = 0x2000,
                   kEventUnavailable = 0x4000;

struct Attributes {
  uint32_t multiprocessors, copy_engines, decoders, encoders, jpegs, ofas;
  uint32_t gpu_slices, compute_slices;
  uint64_t memory_megabytes;
};
static_assert(sizeof(Attributes) == 40);

struct GpuInstanceInfo {
  Device device;
  uint32_t id, profile, start, size;  // start and size in memory slices
};
static_assert(sizeof(GpuInstanceInfo) == 24);

struct ProfileInfo {
  uint32_t version = sizeof(ProfileInfo) | 2u << 24;
  uint32_t id = 0, peer_to_peer = 0, slices = 0, instances = 0, multiprocessors = 0,
           copy_engines = 0, decoders = 0, encoders = 0, jpegs = 0, ofas = 0;
  uint64_t memory_megabytes = 0;
  char name[kNameSize] = {};
};
static_assert(sizeof(ProfileInfo) == 152);

struct ComputeProfile {
  uint32_t id, slices, instances, multiprocessors, copy_engines, decoders, encoders, jpegs, ofas;
};
static_assert(sizeof(ComputeProfile) == 36);

constexpr uint32_t kProfilesMax = 0x12;        // NVML_GPU_INSTANCE_PROFILE_COUNT
constexpr uint32_t kComputeProfilesMax = 0x9;  // NVML_COMPUTE_INSTANCE_PROFILE_COUNT
constexpr uint32_t kEnginesShared = 0;         // NVML_COMPUTE_INSTANCE_ENGINE_PROFILE_SHARED

// The functions by what they are for. Null: the library has no such symbol.
struct Api {
  Ret (*init)();
  Ret (*shutdown)();
  Ret (*driver_version)(char*, uint32_t);
  Ret (*count)(uint32_t*);
  Ret (*by_index)(uint32_t, Device*);
  Ret (*by_pci)(const char*, Device*);
  Ret (*uuid)(Device, char*, uint32_t);
  Ret (*name)(Device, char*, uint32_t);
  Ret (*serial)(Device, char*, uint32_t);
  Ret (*vbios)(Device, char*, uint32_t);
  Ret (*minor)(Device, uint32_t*);
  Ret (*index)(Device, uint32_t*);
  Ret (*pci)(Device, PciInfo*);

  Ret (*memory)(Device, Memory*);
  Ret (*memory2)(Device, Memory2*);
  Ret (*utilization)(Device, Utilization*);
  Ret (*temperature_v)(Device, Temperature*);
  Ret (*temperature)(Device, uint32_t, uint32_t*);
  Ret (*threshold)(Device, uint32_t, uint32_t*);
  Ret (*power)(Device, uint32_t*);
  Ret (*power_limit)(Device, uint32_t*);
  Ret (*energy)(Device, uint64_t*);
  Ret (*clock)(Device, uint32_t, uint32_t*);
  Ret (*performance)(Device, uint32_t*);
  Ret (*reasons)(Device, uint64_t*);
  Ret (*ecc_errors)(Device, uint32_t, uint32_t, uint64_t*);
  Ret (*remapped)(Device, uint32_t*, uint32_t*, uint32_t*, uint32_t*);
  Ret (*retired)(Device, uint32_t, uint32_t*, uint64_t*);
  Ret (*retired_pending)(Device, uint32_t*);
  Ret (*processes)(Device, uint32_t*, ProcessInfo*);
  Ret (*link_generation)(Device, uint32_t*);
  Ret (*link_width)(Device, uint32_t*);
  Ret (*link_generation_max)(Device, uint32_t*);
  Ret (*link_width_max)(Device, uint32_t*);
  Ret (*replays)(Device, uint32_t*);
  Ret (*fabric_state)(Device, uint32_t, uint32_t*);
  Ret (*fabric_errors)(Device, uint32_t, uint32_t, uint64_t*);
  Ret (*fields)(Device, int32_t, FieldValue*);

  Ret (*mig_mode)(Device, uint32_t*, uint32_t*);
  Ret (*mig_count_max)(Device, uint32_t*);
  Ret (*mig_device)(Device, uint32_t, Device*);
  Ret (*gpu_instance_id)(Device, uint32_t*);
  Ret (*compute_instance_id)(Device, uint32_t*);
  Ret (*attributes)(Device, Attributes*);
  Ret (*gpu_instance)(Device, uint32_t, GpuInstance*);
  Ret (*gpu_instance_info)(GpuInstance, GpuInstanceInfo*);
  Ret (*profile)(Device, uint32_t, ProfileInfo*);

  Ret (*set_mig_mode)(Device, uint32_t, Ret*);
  Ret (*gpu_instances)(Device, uint32_t, GpuInstance*, uint32_t*);
  Ret (*create_gpu_instance)(Device, uint32_t, GpuInstance*);
  Ret (*destroy_gpu_instance)(GpuInstance);
  Ret (*compute_profile)(GpuInstance, uint32_t, uint32_t, ComputeProfile*);
  Ret (*compute_instances)(GpuInstance, uint32_t, ComputeInstance*, uint32_t*);
  Ret (*create_compute_instance)(GpuInstance, uint32_t, ComputeInstance*);
  Ret (*destroy_compute_instance)(ComputeInstance);

  Ret (*event_set)(EventSet*);
  Ret (*event_set_free)(EventSet);
  Ret (*event_types)(Device, uint64_t*);
  Ret (*register_events)(Device, uint64_t, EventSet);
  Ret (*wait)(EventSet, EventData*, uint32_t);
};

}  // namespace farmhand::nvidia::nvml
