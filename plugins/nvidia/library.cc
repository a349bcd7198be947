// SPDX-License-Identifier: Apache-2.0
#include "library.hh"

namespace farmhand::nvidia {

namespace {

// A call that hangs holds its session; to wait for it longer would hang the enumeration too.
constexpr std::chrono::milliseconds kPatience{50};

}  // namespace

int32_t status_of(nvml::Ret code) {
  switch (code) {
    case nvml::kSuccess:
      return FH_SAMPLE_OK;
    case nvml::kNotSupported:
    case nvml::kFunctionNotFound:
    case nvml::kNoData:
    case nvml::kVgpuEccNotSupported:
    case nvml::kVersionMismatch:
    case nvml::kDeprecated:
      return FH_SAMPLE_NOT_SUPPORTED;
    case nvml::kNoPermission:
      return FH_SAMPLE_NO_PERMISSION;
    case nvml::kUninitialized:
    case nvml::kDriverNotLoaded:
    case nvml::kTimeout:
    case nvml::kMismatch:
    case nvml::kInUse:
    case nvml::kNotReady:
      return FH_SAMPLE_UNKNOWN;
    default:
      return FH_SAMPLE_ERROR;
  }
}

std::string words_of(nvml::Ret code) {
  switch (code) {
    case nvml::kNoPermission:
      return "this user may not ask NVIDIA's library";
    case nvml::kDriverNotLoaded:
      return "NVIDIA's driver is not loaded";
    case nvml::kMismatch:
      return "NVIDIA's driver and library are of different releases: reboot, or load the new "
             "driver";
    case nvml::kGpuIsLost:
    case nvml::kGpuNotFound:
      return "NVIDIA's library says that the card is lost";
    case nvml::kResetRequired:
      return "NVIDIA's library says that the card needs a reset";
    default:
      return "NVIDIA's library answers with code " + std::to_string(code);
  }
}

void Nvml::find_symbols(Library* library) {
  nvml::Api& api = api_;
  library->need(&api.init, {"nvmlInit_v2"});
  library->need(&api.shutdown, {"nvmlShutdown"});
  library->need(&api.count, {"nvmlDeviceGetCount_v2"});
  library->need(&api.by_index, {"nvmlDeviceGetHandleByIndex_v2"});
  library->need(&api.uuid, {"nvmlDeviceGetUUID"});
  library->find(&api.driver_version, {"nvmlSystemGetDriverVersion"});
  library->find(&api.by_pci, {"nvmlDeviceGetHandleByPciBusId_v2"});
  library->find(&api.name, {"nvmlDeviceGetName"});
  library->find(&api.serial, {"nvmlDeviceGetSerial"});
  library->find(&api.vbios, {"nvmlDeviceGetVbiosVersion"});
  library->find(&api.minor, {"nvmlDeviceGetMinorNumber"});
  library->find(&api.index, {"nvmlDeviceGetIndex"});
  library->find(&api.pci, {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2"});
  library->find(&api.memory, {"nvmlDeviceGetMemoryInfo"});
  library->find(&api.memory2, {"nvmlDeviceGetMemoryInfo_v2"});
  library->find(&api.utilization, {"nvmlDeviceGetUtilizationRates"});
  library->find(&api.temperature_v, {"nvmlDeviceGetTemperatureV"});
  library->find(&api.temperature, {"nvmlDeviceGetTemperature"});
  library->find(&api.threshold, {"nvmlDeviceGetTemperatureThreshold"});
  library->find(&api.power, {"nvmlDeviceGetPowerUsage"});
  library->find(&api.power_limit,
                {"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"});
  library->find(&api.energy, {"nvmlDeviceGetTotalEnergyConsumption"});
  library->find(&api.clock, {"nvmlDeviceGetClockInfo"});
  library->find(&api.performance, {"nvmlDeviceGetPerformanceState"});
  library->find(&api.reasons, {"nvmlDeviceGetCurrentClocksEventReasons",
                               "nvmlDeviceGetCurrentClocksThrottleReasons"});
  library->find(&api.ecc_errors, {"nvmlDeviceGetTotalEccErrors"});
  library->find(&api.remapped, {"nvmlDeviceGetRemappedRows"});
  library->find(&api.retired, {"nvmlDeviceGetRetiredPages"});
  library->find(&api.retired_pending, {"nvmlDeviceGetRetiredPagesPendingStatus"});
  // The plain name has entries of 16 bytes and is left alone.
  library->find(&api.processes, {"nvmlDeviceGetComputeRunningProcesses_v3",
                                 "nvmlDeviceGetComputeRunningProcesses_v2"});
  library->find(&api.link_generation, {"nvmlDeviceGetCurrPcieLinkGeneration"});
  library->find(&api.link_width, {"nvmlDeviceGetCurrPcieLinkWidth"});
  library->find(&api.link_generation_max, {"nvmlDeviceGetMaxPcieLinkGeneration"});
  library->find(&api.link_width_max, {"nvmlDeviceGetMaxPcieLinkWidth"});
  library->find(&api.replays, {"nvmlDeviceGetPcieReplayCounter"});
  library->find(&api.fabric_state, {"nvmlDeviceGetNvLinkState"});
  library->find(&api.fabric_errors, {"nvmlDeviceGetNvLinkErrorCounter"});
  library->find(&api.fields, {"nvmlDeviceGetFieldValues"});
  find_slices_and_events(*library);
}

void Nvml::find_slices_and_events(const Library& library) {
  nvml::Api& api = api_;
  library.find(&api.mig_mode, {"nvmlDeviceGetMigMode"});
  library.find(&api.mig_count_max, {"nvmlDeviceGetMaxMigDeviceCount"});
  library.find(&api.mig_device, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  library.find(&api.gpu_instance_id, {"nvmlDeviceGetGpuInstanceId"});
  library.find(&api.compute_instance_id, {"nvmlDeviceGetComputeInstanceId"});
  library.find(&api.attributes, {"nvmlDeviceGetAttributes_v2"});
  library.find(&api.gpu_instance, {"nvmlDeviceGetGpuInstanceById"});
  library.find(&api.gpu_instance_info, {"nvmlGpuInstanceGetInfo"});
  library.find(&api.profile, {"nvmlDeviceGetGpuInstanceProfileInfoV"});
  library.find(&api.set_mig_mode, {"nvmlDeviceSetMigMode"});
  library.find(&api.gpu_instances, {"nvmlDeviceGetGpuInstances"});
  library.find(&api.create_gpu_instance, {"nvmlDeviceCreateGpuInstance"});
  library.find(&api.destroy_gpu_instance, {"nvmlGpuInstanceDestroy"});
  library.find(&api.compute_profile, {"nvmlGpuInstanceGetComputeInstanceProfileInfo"});
  library.find(&api.compute_instances, {"nvmlGpuInstanceGetComputeInstances"});
  library.find(&api.create_compute_instance, {"nvmlGpuInstanceCreateComputeInstance"});
  library.find(&api.destroy_compute_instance, {"nvmlComputeInstanceDestroy"});
  library.find(&api.event_set, {"nvmlEventSetCreate"});
  library.find(&api.event_set_free, {"nvmlEventSetFree"});
  library.find(&api.event_types, {"nvmlDeviceGetSupportedEventTypes"});
  library.find(&api.register_events, {"nvmlDeviceRegisterEvents"});
  library.find(&api.wait, {"nvmlEventSetWait_v2", "nvmlEventSetWait"});
}

std::string Nvml::load() {
  if (loaded_) return {};
  if (names_.empty()) return "the setting 'library' names none";
  Library library = Library::open(names_);
  if (library.absent()) return "NVIDIA's library '" + names_[0] + "' is not installed";
  find_symbols(&library);
  loaded_ = library.complete();
  return library.problem();
}

std::string Nvml::open() {
  if (ready_ && !doubted_) return {};
  const std::unique_lock lock(sessions_, kPatience);
  if (!lock.owns_lock()) return "another call of NVIDIA's library has not returned";
  if (ready_) api_.shutdown();
  ready_ = false;
  doubted_ = false;
  ++session_;
  const std::string problem = load();
  if (!problem.empty()) return problem;
  const nvml::Ret code = api_.init();
  ready_ = code == nvml::kSuccess;
  return ready_ ? std::string() : words_of(code);
}

void Nvml::close() {
  const std::unique_lock lock(sessions_);
  if (ready_) api_.shutdown();
  ready_ = false;
  ++session_;
}

}  // namespace farmhand::nvidia
