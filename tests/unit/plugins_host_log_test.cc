// SPDX-License-Identifier: Apache-2.0
// The kernel's log as events. Lines are the kernel's own, in the shape in which people posted them;
// numbers and names in them are ours.
#include <doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <farmhand/sysfs.hh>

#include "host_tree.hh"
#include "log/journal.hh"
#include "log/kernel_log.hh"
#include "log/patterns.hh"
#include "log/storm.hh"

using namespace farmhand::node;

namespace {

LogRecord kernel_says(const std::string& text, int level = 4) {
  LogRecord record;
  record.level = level;
  record.text = text;
  return record;
}

struct Line {
  const char* text;
  int32_t severity;
  const char* reason;
  const char* subject;
};

// With the file of linux that prints it, or where such a line was seen.
// clang-format off
const Line kLines[] = {
    // drivers/pci/pcie/aer.c; bugzilla.kernel.org, lore.kernel.org/linux-pci
    {"pcieport 0000:00:1c.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)", FH_SEVERITY_INFO, FH_REASON_LINK_ERRORS, "0000:00:1c.0"},
    {"pcieport 0000:00:1c.0: PCIe Bus Error: severity=Correctable, type=Data Link Layer, id=00e0(Transmitter ID)", FH_SEVERITY_INFO, FH_REASON_LINK_ERRORS, "0000:00:1c.0"},
    {"igb 0000:09:00.0: AER: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, (Requester ID)", FH_SEVERITY_WARNING, FH_REASON_LINK_ERRORS, "0000:09:00.0"},
    {"pcieport 0000:c0:01.1: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer, (Requester ID)", FH_SEVERITY_ERROR, FH_REASON_LINK_FATAL, "0000:c0:01.1"},
    {"pcieport 0000:c0:01.1: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Transaction Layer, (Requester ID)", FH_SEVERITY_ERROR, FH_REASON_LINK_FATAL, "0000:c0:01.1"},
    {"pcieport 0000:00:1b.0: DPC: containment event, status:0x1f01 source:0x0000", FH_SEVERITY_ERROR, FH_REASON_LINK_FATAL, "0000:00:1b.0"},
    {"pcieport 0000:00:1b.0: AER: device recovery failed", FH_SEVERITY_CRITICAL, FH_REASON_LINK_FATAL, "0000:00:1b.0"},
    {"rebellions 0000:4b:00.0: not ready 65535ms after FLR; giving up", FH_SEVERITY_CRITICAL, FH_REASON_DEVICE_LOST, "0000:4b:00.0"},
    {"nvme 0000:01:00.0: Unable to change power state from D3cold to D0, device inaccessible", FH_SEVERITY_ERROR, FH_REASON_DEVICE_LOST, "0000:01:00.0"},
    {"nvme 10000:0b:00.0: can't change power state from D3cold to D0 (config space inaccessible)", FH_SEVERITY_ERROR, FH_REASON_DEVICE_LOST, ""},
    {"pcieport 0000:00:04.0: pciehp: Slot(4): Link Down", FH_SEVERITY_WARNING, FH_REASON_DEVICE_LOST, "0000:00:04.0"},
    // arch/x86/kernel/cpu/mce, drivers/edac/mce_amd.c, drivers/firmware/efi/cper.c, mm/memory-failure.c
    {"mce: [Hardware Error]: Machine check events logged", FH_SEVERITY_WARNING, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"[Hardware Error]: Corrected error, no action required.", FH_SEVERITY_INFO, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"[Hardware Error]: Uncorrected, software restartable error.", FH_SEVERITY_ERROR, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 6: ee0000000040110a", FH_SEVERITY_WARNING, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"{1}[Hardware Error]: event severity: corrected", FH_SEVERITY_INFO, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"{2}[Hardware Error]: event severity: recoverable", FH_SEVERITY_ERROR, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"mce: Uncorrected hardware memory error in user-access at af34214200", FH_SEVERITY_ERROR, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"Memory failure: 0x61646: recovery action for dirty LRU page: Recovered", FH_SEVERITY_WARNING, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"Memory failure: 0x124802: recovery action for already poisoned page: Failed", FH_SEVERITY_ERROR, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"MCE: Killing stress:24502 due to hardware memory corruption fault at 7f00", FH_SEVERITY_ERROR, FH_REASON_NODE_MEMORY_ERRORS, ""},
    // drivers/edac/edac_mc.c
    {"EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1f2a34 offset:0x0)", FH_SEVERITY_INFO, FH_REASON_NODE_MEMORY_ERRORS, ""},
    {"EDAC MC1: 1 UE memory read error on CPU_SrcID#1_MC#0_Chan#0_DIMM#0 (channel:0 slot:0)", FH_SEVERITY_ERROR, FH_REASON_NODE_MEMORY_ERRORS, ""},
    // kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, arch/x86/mm/fault.c
    {"INFO: task jbd2/sda2-8:345 blocked for more than 120 seconds.", FH_SEVERITY_WARNING, FH_REASON_NODE_KERNEL, ""},
    {"INFO: task python3:8123 blocked for more than 241 seconds.", FH_SEVERITY_WARNING, FH_REASON_NODE_KERNEL, ""},
    {"watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:77]", FH_SEVERITY_ERROR, FH_REASON_NODE_KERNEL, ""},
    {"NMI watchdog: Watchdog detected hard LOCKUP on cpu 12", FH_SEVERITY_CRITICAL, FH_REASON_NODE_KERNEL, ""},
    {"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", FH_SEVERITY_WARNING, FH_REASON_NODE_KERNEL, ""},
    {"rcu: INFO: rcu_sched self-detected stall on CPU", FH_SEVERITY_WARNING, FH_REASON_NODE_KERNEL, ""},
    {"BUG: kernel NULL pointer dereference, address: 0000000000000010", FH_SEVERITY_ERROR, FH_REASON_NODE_KERNEL, ""},
    {"Oops: 0000 [#1] PREEMPT SMP NOPTI", FH_SEVERITY_ERROR, FH_REASON_NODE_KERNEL, ""},
    {"Kernel panic - not syncing: Fatal machine check", FH_SEVERITY_CRITICAL, FH_REASON_NODE_KERNEL, ""},
    // mm/oom_kill.c
    {"Out of memory: Killed process 1234 (python3) total-vm:16420540kB, anon-rss:13951040kB, file-rss:4528kB", FH_SEVERITY_ERROR, FH_REASON_NODE_OOM, ""},
    {"Out of memory: Kill process 1234 (python3) score 900 or sacrifice child", FH_SEVERITY_ERROR, FH_REASON_NODE_OOM, ""},
    {"Memory cgroup out of memory: Killed process 23793 (leaker) total-vm:2623712kB", FH_SEVERITY_INFO, FH_REASON_NODE_OOM, ""},
    // block/blk-core.c, fs/buffer.c
    {"blk_update_request: I/O error, dev sde, sector 76492800 op 0x0:(READ) flags 0x84700 phys_seg 64 prio class 0", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, "sde"},
    {"print_req_error: I/O error, dev nvme0n1, sector 9240", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, "nvme0n1"},
    {"critical medium error, dev sdb, sector 12345 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, "sdb"},
    {"Buffer I/O error on dev sdk1, logical block 7470017030, async page read", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, "sdk1"},
    // drivers/scsi, drivers/ata/libata-eh.c
    {"sd 7:0:0:0: [sde] tag#115 Sense Key : Medium Error [current]", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, ""},
    {"sd 7:0:0:0: rejecting I/O to offline device", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, ""},
    {"ata3.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen", FH_SEVERITY_WARNING, FH_REASON_NODE_DISK_FAILING, ""},
    // drivers/nvme/host
    {"nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, ""},
    {"nvme nvme0: Disabling device after reset failure: -19", FH_SEVERITY_CRITICAL, FH_REASON_NODE_DISK_FAILING, ""},
    {"nvme nvme1: I/O 12 QID 3 timeout, aborting", FH_SEVERITY_WARNING, FH_REASON_NODE_DISK_FAILING, ""},
    {"nvme0n1: I/O Cmd(0x2) @ LBA 1234, 8 blocks, I/O Error (sct 0x2 / sc 0x81) DNR ", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, ""},
    {"md/raid1:md127: Disk failure on sdc, disabling device.", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, ""},
    // fs/ext4, fs/jbd2, fs/xfs, fs/btrfs
    {"EXT4-fs error (device vda): ext4_lookup:1855: inode #1234: comm bash: deleted inode referenced: 5678", FH_SEVERITY_ERROR, FH_REASON_NODE_FILE_SYSTEM, "vda"},
    {"EXT4-fs (sda1): Remounting filesystem read-only", FH_SEVERITY_CRITICAL, FH_REASON_NODE_DISK_READ_ONLY, "sda1"},
    {"Aborting journal on device dm-0-8.", FH_SEVERITY_ERROR, FH_REASON_NODE_FILE_SYSTEM, "dm-0-8."},
    {"XFS (dm-3): Metadata corruption detected at xfs_agi_verify+0x12f/0x190 [xfs], xfs_agi block 0x2", FH_SEVERITY_ERROR, FH_REASON_NODE_FILE_SYSTEM, "dm-3"},
    {"XFS (sdb1): metadata I/O error in \"xfs_trans_read_buf_map\" at daddr 0x40 len 8 error 5", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, "sdb1"},
    {"BTRFS error (device sda): bdev /dev/sdb errs: wr 1, rd 0, flush 0, corrupt 0, gen 0", FH_SEVERITY_ERROR, FH_REASON_NODE_DISK_FAILING, "/dev/sdb"},
    {"BTRFS warning (device sda): csum failed root 5 ino 257 off 0 csum 0x1 expected csum 0x2 mirror 1", FH_SEVERITY_ERROR, FH_REASON_NODE_FILE_SYSTEM, "sda"},
    {"BTRFS info (device sda): forced readonly", FH_SEVERITY_CRITICAL, FH_REASON_NODE_DISK_READ_ONLY, "sda"},
    // drivers/iommu
    {"nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000b address=0xb6674000 flags=0x0000]", FH_SEVERITY_ERROR, FH_REASON_IOMMU_FAULT, "0000:01:00.0"},
    {"AMD-Vi: Event logged [IO_PAGE_FAULT device=08:00.0 domain=0x002c address=0xfffffffdf8000000 flags=0x0008]", FH_SEVERITY_ERROR, FH_REASON_IOMMU_FAULT, "0000:08:00.0"},
    {"DMAR: [DMA Read] Request device [03:00.0] PASID ffffffff fault addr 70e67000 [fault reason 06] PTE Read access is not set", FH_SEVERITY_ERROR, FH_REASON_IOMMU_FAULT, "0000:03:00.0"},
    // drivers/thermal
    {"CPU3: Core temperature above threshold, cpu clock throttled (total events = 154290)", FH_SEVERITY_WARNING, FH_REASON_THROTTLE_THERMAL, ""},
    {"mce: CPU4: Package temperature above threshold, cpu clock throttled (total events = 3)", FH_SEVERITY_WARNING, FH_REASON_THROTTLE_THERMAL, ""},
    {"thermal thermal_zone0: acpitz: critical temperature reached, shutting down", FH_SEVERITY_CRITICAL, FH_REASON_TEMPERATURE_HIGH, ""},
    // net/sched/sch_generic.c, mlx5/core/health.c
    {"NETDEV WATCHDOG: eth0 (igb): transmit queue 2 timed out", FH_SEVERITY_WARNING, FH_REASON_NODE_NETWORK, ""},
    {"mlx5_core 0000:c1:00.0: poll_health:801:(pid 0): device's health compromised - reached miss count", FH_SEVERITY_ERROR, FH_REASON_NODE_NETWORK, "0000:c1:00.0"},
    // NVIDIA
    {"NVRM: GPU at PCI:0000:03:00: GPU-5a has fallen off the bus.", FH_SEVERITY_CRITICAL, FH_REASON_DEVICE_LOST, "0000:03:00.0"},
    {"NVRM: GPU 0000:02:00.0: RmInitAdapter failed! (0x25:0x65:1601)", FH_SEVERITY_CRITICAL, FH_REASON_DEVICE_FAULT, "0000:02:00.0"},
    {"nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal, Link 46 MC TS crumbstore MCTO (First)", FH_SEVERITY_WARNING, FH_REASON_FABRIC_ERRORS, "0000:c1:00.0"},
    {"nvidia-nvswitch0: SXid (PCI:0000:86:00.0): 20034, Fatal, Link 30 LTSSM Fault Up", FH_SEVERITY_CRITICAL, FH_REASON_FABRIC_ERRORS, "0000:86:00.0"},
    // AMD, Intel, Habana
    {"amdgpu 0000:03:00.0: amdgpu: GPU reset begin!", FH_SEVERITY_WARNING, FH_REASON_DEVICE_WAS_RESET, "0000:03:00.0"},
    {"amdgpu 0000:03:00.0: amdgpu: GPU reset(1) failed with error -110", FH_SEVERITY_CRITICAL, FH_REASON_DEVICE_FAULT, "0000:03:00.0"},
    {"amdgpu 0000:03:00.0: amdgpu: ring gfx_0.0.0 timeout, signaled seq=7073226, emitted seq=7073228", FH_SEVERITY_ERROR, FH_REASON_DEVICE_HUNG, "0000:03:00.0"},
    {"amdgpu 0000:23:00.0: amdgpu: 2 uncorrectable hardware errors detected in umc block", FH_SEVERITY_ERROR, FH_REASON_MEMORY_UNCORRECTED, "0000:23:00.0"},
    {"i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:85dffffb, in Xorg [1234]", FH_SEVERITY_ERROR, FH_REASON_DEVICE_HUNG, "0000:00:02.0"},
    {"habanalabs 0000:19:00.0: Device heartbeat failed!", FH_SEVERITY_ERROR, FH_REASON_HEARTBEAT_STOPPED, "0000:19:00.0"},
};

// Daily life: nothing to tell of.
const char* const kHarmless[] = {
    "pcieport 0000:00:1c.0: AER: Corrected error received: 0000:00:1c.0",
    "pcieport 0000:00:1c.0:   device [8086:9d13] error status/mask=00000001/00002000",
    "EXT4-fs (vda): mounted filesystem with ordered data mode. Quota mode: none.",
    "EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro,commit=600",
    "XFS (nvme0n1): Ending clean mount",
    "BTRFS info (device sda): using crc32c (crc32c-intel) checksum algorithm",
    "nvme nvme0: 48/0/0 default/read/poll queues",
    "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
    "ata3: SATA link down (SStatus 0 SControl 300)",
    "blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0",
    "blk_update_request: I/O error, dev sr0, sector 0 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0",
    "blk_update_request: critical target error, dev sdb, sector 0 op 0x3:(DISCARD) flags 0x800 phys_seg 1",
    "blk_update_request: I/O error, dev nvme0c0n1, sector 1048624 op 0x9:(WRITE_ZEROES) flags 0x2800800",
    "mce: CPU4: Core temperature/speed normal",
    "CPU0: Core temperature/speed normal",
    "oom_reaper: reaped process 23793 (leaker), now anon-rss:0kB",
    "NVRM: Xid (PCI:0000:03:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
    "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.65.06",
    "EDAC MC: Ver: 3.0.0",
    "EDAC skx: ECC is disabled on imc 0",
    "DMAR: DRHD: handling fault status reg 3",
    "DMAR: IOMMU enabled",
    "e1000e 0000:00:19.0 eth0: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: None",
    "rcu: Hierarchical RCU implementation.",
    "systemd[1]: nginx.service: Failed with result 'exit-code'.",
    "audit: type=1400 audit(1764057600.1:2): apparmor=\"STATUS\"",
    "perf: interrupt took too long (2514 > 2500), lowering kernel.perf_event_max_sample_rate to 79500",
    "TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.",
};
// clang-format on

// The plugin over a file that stands in for the kernel's log.
struct Logged {
  Logged() {
    tree.write("dev/kmsg", line(4, "before the plugin came: EXT4-fs error (device sda1): x"));
    tree.write("sys/bus/pci/devices/0000:4b:00.0/class", "0x120000\n");
    tree.write("sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n");
    host.deadline_ms = 120;
    REQUIRE(host.open({{"root", tree.root}}) == FH_OK);
    REQUIRE(host.wait() == FH_E_TIMEOUT);  // the place in the log is taken
  }

  std::string line(int priority, const std::string& text, const std::string& more = {}) {
    return std::to_string(priority) + "," + std::to_string(sequence++) + ",93726412,-;" + text +
           "\n" + more;
  }
  void say(const std::string& text, int priority = 3, const std::string& more = {}) {
    tree.append("dev/kmsg", line(priority, text, more));
  }

  uint64_t sequence = 1000;
  Tree tree;
  FakeHost host;
};

}  // namespace

TEST_CASE("lines of real kernels mean what the table says") {
  for (const Line& line : kLines) {
    CAPTURE(line.text);
    const LogPattern* pattern = find_pattern(kernel_says(line.text));
    REQUIRE(pattern != nullptr);
    CHECK(pattern->severity == line.severity);
    CHECK(std::string(pattern->reason) == line.reason);
    if (line.subject[0] != '\0') CHECK(subject_of(kernel_says(line.text)) == line.subject);
  }
}

TEST_CASE("lines of daily life mean nothing") {
  for (const char* text : kHarmless) {
    CAPTURE(text);
    const LogPattern* pattern = find_pattern(kernel_says(text));
    CHECK((pattern == nullptr || pattern->severity == 0));
  }
}

TEST_CASE("no pattern is dead behind another") {
  for (const LogPattern& each : log_patterns()) {
    // The form itself, as a line, finds this pattern and no other before it.
    std::string text = each.form;
    for (size_t at = 0; (at = text.find('*', at)) != std::string::npos;) text.replace(at, 1, " ");
    CAPTURE(each.form);
    CHECK(find_pattern(kernel_says(text)) == &each);
  }
}

TEST_CASE("what a program writes into the kernel's log is not the kernel's word") {
  LogRecord record = kernel_says("EXT4-fs error (device sda1): forged");
  CHECK(find_pattern(record) != nullptr);
  record.facility = 1;
  CHECK(find_pattern(record) == nullptr);
}

TEST_CASE("PCI addresses are found in their several spellings") {
  CHECK(pci_in("nvme 0000:01:00.0: x") == "0000:01:00.0");
  CHECK(pci_in("NVRM: Xid (PCI:0000:C1:00): 79") == "0000:c1:00.0");
  CHECK(pci_in("DMAR: Request device [03:00.1] fault") == "0000:03:00.1");
  CHECK(pci_in("AMD-Vi: [IO_PAGE_FAULT device=08:00.0 domain=1]") == "0000:08:00.0");
  CHECK(pci_in("eth0: 00:1b:21:aa:bb:cc at 12:30:00.5") == "");
  CHECK(pci_in("sd 7:0:0:0: [sde] x") == "");
  CHECK(pci_in("") == "");
}

TEST_CASE("a record is its first line and the device that the kernel names below it") {
  auto record = record_from("3,1325,93726412,-;pcieport 0000:00:1c.0: text; with a semicolon");
  REQUIRE(record);
  CHECK(record->level == 3);
  CHECK(record->facility == 0);
  CHECK(record->sequence == 1325);
  CHECK(record->text == "pcieport 0000:00:1c.0: text; with a semicolon");
  add_line(" SUBSYSTEM=pci", &*record);
  add_line(" DEVICE=+pci:0000:00:1C.0", &*record);
  CHECK(record->pci == "0000:00:1c.0");
  CHECK(record_from("30,1,2,-,caller=T1;x")->facility == 3);
  CHECK(!record_from("nonsense"));
  CHECK(!record_from("x,1,2,-;text"));
}

TEST_CASE("a fault becomes one event with reason, line and address; the past is not news") {
  Logged node;
  node.say(
      "pcieport 0000:c0:01.1: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction "
      "Layer, (Requester ID)",
      3, " SUBSYSTEM=pci\n DEVICE=+pci:0000:c0:01.1\n");
  node.say("usb 1-1: new high-speed USB device number 2 using xhci_hcd", 6);
  REQUIRE(node.host.wait() == FH_OK);
  REQUIRE(node.host.events.size() == 1);
  const FakeEvent& event = node.host.events[0];
  CHECK(event.device == 0);
  CHECK(event.severity == FH_SEVERITY_ERROR);
  CHECK(event.reason == FH_REASON_LINK_FATAL);
  CHECK(event.texts.at("pci") == "0000:c0:01.1");
  CHECK(event.texts.at("line").starts_with("pcieport 0000:c0:01.1: PCIe Bus Error"));
  CHECK(event.evidence.at("count") == 1);
  CHECK(node.host.wait() == FH_E_TIMEOUT);
}

TEST_CASE("an accelerator's driver counts with any error, others only with known ones") {
  Logged node;
  node.say("closed_driver 0000:4b:00.0: doorbell timeout on queue 3", 3,
           " SUBSYSTEM=pci\n DEVICE=+pci:0000:4b:00.0\n");
  node.say("i915 0000:00:02.0: [drm] *ERROR* CPU pipe A FIFO underrun", 3,
           " DEVICE=+pci:0000:00:02.0\n");
  node.say("rebellions 0000:5b:00.0: firmware assertion", 3);
  node.say("rebellions 0000:5b:00.0: [BAR-0/DDR] size 0x1000000000", 6);
  REQUIRE(node.host.wait() == FH_OK);
  REQUIRE(node.host.events.size() == 2);
  CHECK(node.host.events[0].reason == FH_REASON_KERNEL_LOG);
  CHECK(node.host.events[0].texts.at("pci") == "0000:4b:00.0");
  CHECK(node.host.events[1].texts.at("pci") == "0000:5b:00.0");
}

TEST_CASE("a storm is one event now, and another disk's is another") {
  Logged node;
  for (int i = 0; i < 5000; ++i) {
    node.say("I/O error, dev sda, sector " + std::to_string(i) +
             " op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2");
  }
  node.say("I/O error, dev sdb, sector 7 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2");
  size_t events = 0;
  for (int calls = 0; calls < 100 && events < 2; ++calls) {
    node.host.wait();
    events += node.host.events.size();
  }
  CHECK(events == 2);
  CHECK(node.host.wait() == FH_E_TIMEOUT);
}

TEST_CASE("what was held back comes once a minute with its count") {
  constexpr uint64_t kSecond = 1'000'000'000;
  Storm storm;
  const LogPattern* pattern = find_pattern(kernel_says("Oops: 0000"));
  const LogEvent event{pattern, "first", "", ""};
  CHECK(storm.is_first(event, kSecond));
  for (int i = 0; i < 9; ++i) CHECK(!storm.is_first({pattern, "again", "", ""}, 2 * kSecond));
  CHECK(storm.take_due(30 * kSecond).empty());
  const auto due = storm.take_due(62 * kSecond);
  REQUIRE(due.size() == 1);
  CHECK(due[0].count == 9);
  CHECK(due[0].text == "again");
  CHECK(storm.take_due(90 * kSecond).empty());
  CHECK(storm.take_due(130 * kSecond).empty());  // quiet: forgotten
  CHECK(storm.is_first(event, 131 * kSecond));
}

TEST_CASE("a storm of different subjects is bounded") {
  Storm storm;
  const LogPattern* pattern = find_pattern(kernel_says("Oops: 0000"));
  int told = 0;
  for (int i = 0; i < 10'000; ++i) {
    told += storm.is_first({pattern, "x", std::to_string(i), ""}, 1) ? 1 : 0;
  }
  CHECK(told <= 257);
  CHECK(storm.take_due(100'000'000'000).size() <= 40);
}

TEST_CASE("lines that the kernel overwrote before they were read are counted") {
  Logged node;
  node.say("a line", 6);
  REQUIRE(node.host.wait() == FH_E_TIMEOUT);
  node.sequence += 40;
  node.say("another line", 6);
  REQUIRE(node.host.wait() == FH_OK);
  REQUIRE(node.host.events.size() == 1);
  CHECK(node.host.events[0].severity == FH_SEVERITY_INFO);
  CHECK(node.host.events[0].sentence ==
        "the kernel's log overwrote 40 lines before they were read");
}

TEST_CASE("lines in pieces are put together, and rubbish is left out") {
  Tree tree;
  tree.write("log", "");
  KernelLog log(tree.root + "/log");
  REQUIRE(log.open() == 0);
  tree.append("log", "3,1,1,-;Oops: 00");
  CHECK(log.take(10, 0).empty());
  tree.append("log", "00 [#1]\nrubbish\n\n DEVICE=+pci:x\n");
  const auto records = log.take(10, 0);
  REQUIRE(records.size() == 1);
  CHECK(records[0].text == "Oops: 0000 [#1]");
}

TEST_CASE(
    "a log that is not there, or not wanted, is none; one that may not be read says what to do") {
  Tree tree;
  FakeHost absent;
  REQUIRE(absent.open({{"root", tree.root}}) == FH_OK);
  CHECK(absent.wait() == FH_E_UNSUPPORTED);
  FakeHost unwanted;
  REQUIRE(unwanted.open({{"root", tree.root}, {"kernel_log", ""}}) == FH_OK);
  CHECK(unwanted.wait() == FH_E_UNSUPPORTED);
  if (geteuid() == 0) return;  // root may read everything
  tree.write("dev/kmsg", "");
  REQUIRE(chmod((tree.root + "/dev/kmsg").c_str(), 0) == 0);
  FakeHost forbidden;
  REQUIRE(forbidden.open({{"root", tree.root}, {"journalctl", ""}}) == FH_OK);
  CHECK(forbidden.wait() == FH_E_PERMISSION);
  CHECK(std::string(forbidden.err.text).find("CAP_SYSLOG") != std::string::npos);
}

TEST_CASE("waiting ends at the deadline, and soon after a cancel") {
  Logged node;
  node.host.deadline_ms = 300;
  uint64_t began_ns = farmhand::boottime_ns();
  CHECK(node.host.wait() == FH_E_TIMEOUT);
  CHECK(farmhand::boottime_ns() - began_ns >= 290'000'000);
  node.host.cancelled = true;
  began_ns = farmhand::boottime_ns();
  CHECK(node.host.wait() == FH_E_CANCELLED);
  CHECK(farmhand::boottime_ns() - began_ns < 200'000'000);
}

TEST_CASE("an entry of the journal is the kernel's record, and other people's are theirs") {
  const auto record = record_from_json(
      R"({"PRIORITY":"3","SYSLOG_FACILITY":"0","_KERNEL_DEVICE":"+pci:0000:4b:00.0","MESSAGE":"x 0000:4b:00.0: y"})");
  REQUIRE(record);
  CHECK(record->level == 3);
  CHECK(record->facility == 0);
  CHECK(record->pci == "0000:4b:00.0");
  CHECK(record->text == "x 0000:4b:00.0: y");
  CHECK(record_from_json(R"({"SYSLOG_FACILITY":"3","MESSAGE":"x"})")->facility == 3);
  CHECK(record_from_json(R"({"_KERNEL_DEVICE":"b8:0","MESSAGE":"x"})")->pci == "");
  CHECK(!record_from_json(R"({"MESSAGE":[1,2,3]})"));
  CHECK(!record_from_json("-- No entries --"));
}

namespace {

// The plugin over a script that stands in for journalctl.
struct Journalled {
  explicit Journalled(const std::string& script) {
    tree.write("journalctl", "#!/bin/sh\n" + script);
    chmod((tree.root + "/journalctl").c_str(), 0755);
    host.deadline_ms = 5000;
    REQUIRE(host.open({{"root", tree.root},
                       {"kernel_log", "journal"},
                       {"journalctl", tree.root + "/journalctl"}}) == FH_OK);
  }
  Tree tree;
  FakeHost host;
};

}  // namespace

TEST_CASE(
    "where the kernel's log may not be read, the journal tells, for as long as the plugin lives") {
  Journalled node(
      "echo $$ >$(dirname $0)/pid\n"
      R"(echo '{"PRIORITY":"3","MESSAGE":"EXT4-fs error (device sda1): x"}')"
      "\n"
      "exec sleep 600\n");
  REQUIRE(node.host.wait() == FH_OK);
  REQUIRE(node.host.events.size() == 1);
  CHECK(node.host.events[0].reason == FH_REASON_NODE_FILE_SYSTEM);
  node.host.deadline_ms = 150;
  CHECK(node.host.wait() == FH_E_TIMEOUT);
  const auto pid = farmhand::find_integer(node.tree.root + "/pid");
  REQUIRE(pid);
  CHECK(kill(static_cast<pid_t>(*pid), 0) == 0);
  node.host.close();
  CHECK(kill(static_cast<pid_t>(*pid), 0) != 0);
}

TEST_CASE("a journal that hides the system's entries is no permission, not silence") {
  Journalled hides(
      "echo 'Hint: You are currently not seeing messages from other users and the system.' >&2\n"
      "exec sleep 600\n");
  CHECK(hides.host.wait() == FH_E_PERMISSION);
  CHECK(std::string(hides.host.err.text).find("systemd-journal") != std::string::npos);
  Journalled ends("echo 'No journal files were found.' >&2\nexit 1\n");
  CHECK(ends.host.wait() == FH_E_PERMISSION);
  CHECK(std::string(ends.host.err.text).find("No journal files were found.") != std::string::npos);
  CHECK(ends.host.wait() == FH_E_PERMISSION);  // asked again, tried again
  FakeHost absent;
  REQUIRE(absent.open({{"kernel_log", "journal"}, {"journalctl", "/nonexistent"}}) == FH_OK);
  CHECK(absent.wait() == FH_E_PERMISSION);
}
