// SPDX-License-Identifier: Apache-2.0
// Forms are those of the kernel's own printk calls; the file that has them stands at each group
// (linux, where no other repository is named). NVIDIA's XIDs are the NVIDIA plugin's, which has
// them from the driver with the device; here they are left out.
#include "log/patterns.hh"

#include <farmhand/events.h>
#include <farmhand/reasons.h>

#include <algorithm>
#include <iterator>

namespace farmhand::node {

namespace {

constexpr int32_t kNothing = 0;
constexpr int32_t kInfo = FH_SEVERITY_INFO;
constexpr int32_t kWarning = FH_SEVERITY_WARNING;
constexpr int32_t kError = FH_SEVERITY_ERROR;
constexpr int32_t kCritical = FH_SEVERITY_CRITICAL;

// clang-format off
constexpr LogPattern kPatterns[] = {
    // drivers/pci/pcie/aer.c, dpc.c, err.c; drivers/pci/pci.c; drivers/pci/hotplug/pciehp_ctrl.c
    {"*PCIe Bus Error: severity=Uncorrect*(Fatal)", kError, FH_REASON_LINK_FATAL, "fatal PCI Express error"},
    {"*PCIe Bus Error: severity=Uncorrect*(Non-Fatal)", kWarning, FH_REASON_LINK_ERRORS, "uncorrected PCI Express error"},
    {"*PCIe Bus Error: severity=Correct", kInfo, FH_REASON_LINK_ERRORS, "corrected PCI Express error"},
    {"*DPC: containment event", kError, FH_REASON_LINK_FATAL, "a port cut off what is below it after an error"},
    {"*device recovery failed", kCritical, FH_REASON_LINK_FATAL, "a device did not recover from a PCI Express error"},
    {"*not ready *after *; giving up", kCritical, FH_REASON_DEVICE_LOST, "a device did not come back from a reset"},
    {"*to D0, device inaccessible", kError, FH_REASON_DEVICE_LOST, "a device does not answer on the bus"},
    {"*(config space inaccessible)", kError, FH_REASON_DEVICE_LOST, "a device does not answer on the bus"},
    {"*pciehp: Slot(*): Link Down", kWarning, FH_REASON_DEVICE_LOST, "the link of a slot went down"},
    {"*pciehp: Slot(*): Card not present", kWarning, FH_REASON_DEVICE_LOST, "a card left its slot"},
    // arch/x86/kernel/cpu/mce/core.c; drivers/edac/mce_amd.c; drivers/firmware/efi/cper.c; mm/memory-failure.c
    {"*[Hardware Error]: event severity: fatal", kCritical, FH_REASON_NODE_MEMORY_ERRORS, "fatal hardware error"},
    {"*[Hardware Error]: event severity: recoverable", kError, FH_REASON_NODE_MEMORY_ERRORS, "hardware error that programs can survive"},
    {"*[Hardware Error]: event severity: corrected", kInfo, FH_REASON_NODE_MEMORY_ERRORS, "corrected hardware error"},
    {"*[Hardware Error]: Uncorrected", kError, FH_REASON_NODE_MEMORY_ERRORS, "uncorrected hardware error"},
    {"*[Hardware Error]: Corrected error", kInfo, FH_REASON_NODE_MEMORY_ERRORS, "corrected hardware error"},
    {"*[Hardware Error]: Deferred error", kWarning, FH_REASON_NODE_MEMORY_ERRORS, "uncorrected data that nobody has used yet"},
    {"mce: Uncorrected hardware memory error", kError, FH_REASON_NODE_MEMORY_ERRORS, "uncorrected memory error"},
    {"*[Hardware Error]: CPU*Machine Check", kWarning, FH_REASON_NODE_MEMORY_ERRORS, "a processor reported a hardware error"},
    {"mce: [Hardware Error]: Machine check events logged", kWarning, FH_REASON_NODE_MEMORY_ERRORS, "a processor reported a hardware error"},
    {"Memory failure: *recovery action for*: Recovered", kWarning, FH_REASON_NODE_MEMORY_ERRORS, "a broken page of memory was taken out of use"},
    {"Memory failure: *recovery action for*", kError, FH_REASON_NODE_MEMORY_ERRORS, "a broken page of memory is still in use"},
    {"*Killing *due to hardware memory corruption", kError, FH_REASON_NODE_MEMORY_ERRORS, "a program was killed because its memory is broken"},
    // drivers/edac/edac_mc.c
    {"EDAC MC*: * UE ", kError, FH_REASON_NODE_MEMORY_ERRORS, "uncorrected memory error"},
    {"EDAC MC*: * CE ", kInfo, FH_REASON_NODE_MEMORY_ERRORS, "corrected memory error"},
    // kernel/panic.c, arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c, lib/bug.c
    {"Kernel panic - not syncing", kCritical, FH_REASON_NODE_KERNEL, "the kernel stopped"},
    {"BUG: kernel NULL pointer dereference", kError, FH_REASON_NODE_KERNEL, "bug in the kernel or a driver"},
    {"BUG: unable to handle", kError, FH_REASON_NODE_KERNEL, "bug in the kernel or a driver"},
    {"BUG: Bad page ", kError, FH_REASON_NODE_KERNEL, "the kernel found a page in a bad state"},
    {"kernel BUG at ", kError, FH_REASON_NODE_KERNEL, "bug in the kernel or a driver"},
    {"general protection fault", kError, FH_REASON_NODE_KERNEL, "bug in the kernel or a driver"},
    {"Oops: ", kError, FH_REASON_NODE_KERNEL, "bug in the kernel or a driver"},
    // kernel/hung_task.c, kernel/watchdog.c, kernel/watchdog_hld.c, kernel/rcu/tree_stall.h
    {"INFO: task *blocked for more than*seconds", kWarning, FH_REASON_NODE_KERNEL, "a task hangs in the kernel"},
    {"watchdog: BUG: soft lockup", kError, FH_REASON_NODE_KERNEL, "a processor is stuck in the kernel"},
    {"*Watchdog detected hard LOCKUP", kCritical, FH_REASON_NODE_KERNEL, "a processor is stuck with interrupts off"},
    {"*rcu*detected*stall", kWarning, FH_REASON_NODE_KERNEL, "a processor or task keeps the kernel from going on"},
    // mm/oom_kill.c, mm/page_alloc.c
    {"Out of memory: Kill", kError, FH_REASON_NODE_OOM, "a process was killed because the node's memory ran out"},
    {"Memory cgroup out of memory: Kill", kInfo, FH_REASON_NODE_OOM, "a process was killed at the memory limit of its job"},
    {"*page allocation failure: order:", kWarning, FH_REASON_NODE_MEMORY, "the kernel found no memory for itself"},
    // block/blk-core.c, fs/buffer.c. A floppy or optical drive without a medium, and a disk that cannot discard, are well.
    {"*I/O error, dev fd", kNothing, "", ""},
    {"*I/O error, dev sr", kNothing, "", ""},
    {"*I/O error on dev sr", kNothing, "", ""},
    {"*error, dev *op 0x3:(DISCARD)", kNothing, "", ""},
    {"*error, dev *op 0x9:(WRITE_ZEROES)", kNothing, "", ""},
    {"*critical space allocation error, dev ", kError, FH_REASON_NODE_DISK_FULL, "a thin disk has no space left"},
    {"*critical medium error, dev ", kError, FH_REASON_NODE_DISK_FAILING, "a disk cannot read or write a place"},
    {"*critical target error, dev ", kWarning, FH_REASON_NODE_DISK_FAILING, "a disk refused a request"},
    {"*I/O error, dev ", kError, FH_REASON_NODE_DISK_FAILING, "a request to a disk failed"},
    {"Buffer I/O error on dev ", kError, FH_REASON_NODE_DISK_FAILING, "a request to a disk failed"},
    // drivers/scsi/scsi_logging.c, scsi_error.c, scsi_lib.c; drivers/ata/libata-eh.c
    {"*Sense Key : Medium Error", kError, FH_REASON_NODE_DISK_FAILING, "a disk cannot read or write a place"},
    {"*Sense Key : Hardware Error", kError, FH_REASON_NODE_DISK_FAILING, "a disk reports that it is broken"},
    {"*rejecting I/O to offline device", kError, FH_REASON_NODE_DISK_FAILING, "a disk is offline"},
    {"*Device offlined - not ready after error recovery", kError, FH_REASON_NODE_DISK_FAILING, "a disk was given up"},
    {"ata*: exception Emask", kWarning, FH_REASON_NODE_DISK_FAILING, "a disk or its cable made an error"},
    {"ata*: disable device", kError, FH_REASON_NODE_DISK_FAILING, "a disk was given up"},
    {"ata*: disabled", kError, FH_REASON_NODE_DISK_FAILING, "a disk was given up"},
    // drivers/nvme/host/pci.c, core.c
    {"nvme nvme*: controller is down; will reset", kError, FH_REASON_NODE_DISK_FAILING, "an NVMe disk stopped answering"},
    {"nvme nvme*: Device not ready; aborting", kError, FH_REASON_NODE_DISK_FAILING, "an NVMe disk stopped answering"},
    {"nvme nvme*: Removing after probe failure", kCritical, FH_REASON_NODE_DISK_FAILING, "an NVMe disk was given up"},
    {"nvme nvme*: Disabling device after reset failure", kCritical, FH_REASON_NODE_DISK_FAILING, "an NVMe disk was given up"},
    {"nvme nvme*: I/O *timeout, ", kWarning, FH_REASON_NODE_DISK_FAILING, "an NVMe disk did not answer in time"},
    {"nvme*: I/O Cmd*I/O Error (sct 0x2 /", kError, FH_REASON_NODE_DISK_FAILING, "an NVMe disk reports a broken medium"},
    // drivers/md/raid1.c, raid5.c, raid10.c; drivers/md/dm-mpath.c
    {"md/raid*Disk failure on ", kError, FH_REASON_NODE_DISK_FAILING, "a disk was thrown out of its array"},
    {"device-mapper: multipath*Failing path", kWarning, FH_REASON_NODE_DISK_FAILING, "a path to a disk failed"},
    // fs/ext4/super.c, fs/jbd2/journal.c; fs/xfs; fs/btrfs/messages.c, volumes.c, super.c
    {"EXT4-fs (*): Remounting filesystem read-only", kCritical, FH_REASON_NODE_DISK_READ_ONLY, "a file system became read-only"},
    {"EXT4-fs error (device ", kError, FH_REASON_NODE_FILE_SYSTEM, "ext4 found damage"},
    {"EXT4-fs (*): previous I/O error to superblock detected", kError, FH_REASON_NODE_DISK_FAILING, "a disk lost what ext4 wrote"},
    {"Aborting journal on device ", kError, FH_REASON_NODE_FILE_SYSTEM, "the journal of a file system failed"},
    {"XFS (*): Metadata corruption detected", kError, FH_REASON_NODE_FILE_SYSTEM, "XFS found damage"},
    {"XFS (*): Metadata CRC error detected", kError, FH_REASON_NODE_FILE_SYSTEM, "XFS found damage"},
    {"XFS (*): Corruption of in-memory data", kCritical, FH_REASON_NODE_FILE_SYSTEM, "XFS shut a file system down"},
    {"XFS (*): *I/O error", kError, FH_REASON_NODE_DISK_FAILING, "a request of XFS to its disk failed"},
    {"XFS (*): Filesystem has been shut down", kCritical, FH_REASON_NODE_FILE_SYSTEM, "XFS shut a file system down"},
    {"BTRFS info (device *): forced readonly", kCritical, FH_REASON_NODE_DISK_READ_ONLY, "a file system became read-only"},
    {"BTRFS error (device *): bdev *errs: wr ", kError, FH_REASON_NODE_DISK_FAILING, "a request of btrfs to its disk failed"},
    {"BTRFS warning (device *): csum failed", kError, FH_REASON_NODE_FILE_SYSTEM, "btrfs read data that is not what it wrote"},
    {"BTRFS critical (device ", kError, FH_REASON_NODE_FILE_SYSTEM, "btrfs found damage"},
    {"BTRFS error (device ", kError, FH_REASON_NODE_FILE_SYSTEM, "btrfs found damage"},
    {"BTRFS: error (device ", kError, FH_REASON_NODE_FILE_SYSTEM, "btrfs found damage"},
    // drivers/iommu/amd/iommu.c, drivers/iommu/intel/dmar.c, drivers/iommu/arm/arm-smmu-v3
    {"*AMD-Vi: Event logged [IO_PAGE_FAULT", kError, FH_REASON_IOMMU_FAULT, "a device reached for memory that is not its own"},
    {"DMAR: [*Request device [", kError, FH_REASON_IOMMU_FAULT, "a device reached for memory that is not its own"},
    {"arm-smmu-v3 *event 0x10", kError, FH_REASON_IOMMU_FAULT, "a device reached for memory that is not its own"},
    // drivers/thermal/thermal_core.c, drivers/thermal/intel/therm_throt.c
    {"thermal *critical temperature reached", kCritical, FH_REASON_TEMPERATURE_HIGH, "the node is too hot and shuts down"},
    {"*temperature above threshold, cpu clock throttled", kWarning, FH_REASON_THROTTLE_THERMAL, "a processor slows down because of its temperature"},
    // net/sched/sch_generic.c; drivers/net/ethernet/mellanox/mlx5/core/health.c, events.c; intel/e1000e/netdev.c
    {"*NETDEV WATCHDOG: *timed out", kWarning, FH_REASON_NODE_NETWORK, "a network adapter stopped sending"},
    {"*Detected Tx Unit Hang", kWarning, FH_REASON_NODE_NETWORK, "a network adapter stopped sending"},
    {"*Detected Hardware Unit Hang", kWarning, FH_REASON_NODE_NETWORK, "a network adapter stopped sending"},
    {"mlx5_core *device's health compromised", kError, FH_REASON_NODE_NETWORK, "the firmware of a network adapter stopped"},
    {"mlx5_core *Detected insufficient power on the PCIe slot", kWarning, FH_REASON_POWER_SUPPLY, "a slot gives its card too little power"},
    // NVIDIA/open-gpu-kernel-modules: src/nvidia/arch/nvalloc/unix/src, kernel-open/nvidia, src/common/nvswitch
    {"NVRM: Xid (", kNothing, "", ""},
    {"NVRM: *has fallen off the bus", kCritical, FH_REASON_DEVICE_LOST, "a GPU does not answer on the bus"},
    {"NVRM: *RmInitAdapter failed", kCritical, FH_REASON_DEVICE_FAULT, "a GPU could not be started"},
    {"NVRM: *rm_init_adapter failed", kCritical, FH_REASON_DEVICE_FAULT, "a GPU could not be started"},
    {"NVRM: API mismatch", kError, FH_REASON_DRIVER_MISMATCH, "driver and library are of different releases"},
    {"nvidia-nvswitch*: SXid*, Fatal,", kCritical, FH_REASON_FABRIC_ERRORS, "fatal error of an NVSwitch"},
    {"nvidia-nvswitch*: SXid*", kWarning, FH_REASON_FABRIC_ERRORS, "error of an NVSwitch"},
    // drivers/gpu/drm/amd/amdgpu: amdgpu_device.c, amdgpu_job.c, amdgpu_ras.c, gmc_v9_0.c; amdkfd/kfd_device_queue_manager.c
    {"amdgpu *GPU reset begin", kWarning, FH_REASON_DEVICE_WAS_RESET, "the driver resets a GPU"},
    {"amdgpu *GPU reset*failed", kCritical, FH_REASON_DEVICE_FAULT, "a GPU did not recover from a reset"},
    {"*amdgpu*ring *timeout", kError, FH_REASON_DEVICE_HUNG, "a GPU stopped processing"},
    {"*qcm fence wait loop timeout expired", kError, FH_REASON_DEVICE_HUNG, "a GPU stopped processing"},
    {"amdgpu *uncorrectable hardware errors detected", kError, FH_REASON_MEMORY_UNCORRECTED, "memory error beyond correction"},
    {"amdgpu *correctable hardware errors detected", kInfo, FH_REASON_MEMORY_CORRECTED_RATE, "corrected memory errors"},
    {"amdgpu *page fault (src_id", kWarning, FH_REASON_CONTEXT_FAULT, "a program touched an address that is not mapped"},
    // drivers/gpu/drm/i915/i915_gpu_error.c, drivers/gpu/drm/xe/xe_device.c
    {"i915 *GPU HANG", kError, FH_REASON_DEVICE_HUNG, "a GPU stopped processing"},
    {"xe *Xe has declared device *wedged", kCritical, FH_REASON_DEVICE_RESET_REQUIRED, "the driver gave a GPU up"},
    // drivers/accel/habanalabs/common/device.c, drivers/accel/ivpu/ivpu_pm.c, drivers/accel/qaic/qaic_drv.c
    {"habanalabs *heartbeat failed", kError, FH_REASON_HEARTBEAT_STOPPED, "the firmware's heartbeat stopped"},
    {"habanalabs *Going to reset", kWarning, FH_REASON_DEVICE_WAS_RESET, "the driver resets the device"},
};
// clang-format on

constexpr LogPattern kDriver = {"", kWarning, FH_REASON_KERNEL_LOG, "the driver reports an error"};

// Names of modules: FuriosaAI's and Rebellions', whose sources are not public, and those of
// drivers/accel and Tenstorrent's tt-kmd.
constexpr std::string_view kDrivers[] = {"rngd",      "furiosa",    "warboy", "rebellions",
                                         "rbln",      "habanalabs", "qaic",   "amdxdna",
                                         "intel_vpu", "tenstorrent"};

}  // namespace

std::span<const LogPattern> log_patterns() {
  return kPatterns;
}

bool fits(std::string_view form, std::string_view text) {
  for (bool first = true;; first = false) {
    const size_t star = std::min(form.find('*'), form.size());
    const std::string_view piece = form.substr(0, star);
    const size_t found = text.find(piece);
    if (found == std::string_view::npos || (first && found != 0)) return false;
    text.remove_prefix(found + piece.size());
    if (star == form.size()) return true;
    form.remove_prefix(star + 1);
  }
}

const LogPattern* find_pattern(const LogRecord& record) {
  if (record.facility != 0) return nullptr;
  for (const LogPattern& each : kPatterns) {
    if (fits(each.form, record.text)) return &each;
  }
  return nullptr;
}

const LogPattern& driver_pattern() {
  return kDriver;
}

bool is_accelerator_driver(std::string_view text) {
  return std::any_of(std::begin(kDrivers), std::end(kDrivers),
                     [&](std::string_view name) { return text.starts_with(name); });
}

std::string subject_of(const LogRecord& record) {
  if (!record.pci.empty()) return record.pci;
  const std::string_view text = record.text;
  constexpr std::string_view kMarks[] = {"dev ", "(device ", "XFS (", "EXT4-fs (", "on device "};
  for (const std::string_view mark : kMarks) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + mark.size(), 32);
    return std::string(rest.substr(0, rest.find_first_of(",): ")));
  }
  return pci_in(text);
}

}  // namespace farmhand::node
