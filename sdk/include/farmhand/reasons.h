/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of reason codes: what can be wrong with a device or node, and what the operator
 * does next. One table for all vendors, so that a fleet can be searched for `link.degraded` whoever
 * made the card. What is not here is `vendor.<vendor>.<code>`, with a sentence and an action of its
 * own.
 *
 * FH_REASONS(X) calls X(name, code, meaning, action) for each. Codes are never renamed nor removed.
 * Operators read the same in farmhand-reasons(7).
 */
#ifndef FARMHAND_REASONS_H
#define FARMHAND_REASONS_H

#include "farmhand/abi.h"

/* clang-format off */
#define FH_REASONS(X) \
  /* The device as a whole */ \
  X(DEVICE_MISSING, "device.missing", "an expected device is not there", "Look for it with lspci; reseat the card or power-cycle the node.") \
  X(DEVICE_EXTRA, "device.extra", "a device is there that is not expected", "Add it to the expected inventory, or remove the card.") \
  X(DEVICE_MOVED, "device.moved", "a device sits in another slot than before", "Confirm the move in the expected inventory.") \
  X(DEVICE_LOST, "device.lost", "the device stopped answering", "Drain the device, reset it; if that fails, power-cycle the node.") \
  X(DEVICE_HUNG, "device.hung", "a call for the device did not return", "Reset the device; if it hangs again, replace it.") \
  X(DEVICE_UNMANAGED, "device.unmanaged", "the device is on the bus and has no driver", "Install or load the vendor's driver.") \
  X(DEVICE_PERMISSION, "device.permission", "the plugin may not read the device", "Give the plugin's user the device's group.") \
  X(DEVICE_FAULT, "device.fault", "the device or its driver reports a fault state", "Reset the device; send the vendor its log if the fault returns.") \
  X(DEVICE_RESET_REQUIRED, "device.reset_required", "the device asks for a reset", "Drain the device and reset it.") \
  X(DEVICE_REBOOT_REQUIRED, "device.reboot_required", "the device asks for a reboot of the node", "Drain the node and reboot it.") \
  X(DEVICE_WAS_RESET, "device.was_reset", "the device was reset by something else", "Find out who reset it; jobs on it have failed.") \
  X(DEVICE_FLAPPING, "device.flapping", "the device comes and goes", "Take it out of service and have it examined.") \
  X(DEVICE_IDENTITY, "device.identity", "the device's serial, UUID or firmware text is not plausible", "Compare with the label of the card; update its firmware.") \
  X(HEARTBEAT_STOPPED, "heartbeat.stopped", "the firmware's heartbeat stopped", "Reset the device.") \
  X(FIRMWARE_FAULT, "firmware.fault", "the device's firmware crashed or aborted", "Reset the device; update the firmware if it happens again.") \
  X(FIRMWARE_MISMATCH, "firmware.mismatch", "firmware and driver do not fit together", "Install the pair that the vendor's support matrix names.") \
  X(CONTEXT_FAULT, "context.fault", "a program's context on the device was aborted", "Look at the job that used it; the device itself may be well.") \
  /* Heat and power */ \
  X(TEMPERATURE_HIGH, "temperature.high", "a temperature is above its limit", "Check fans, air flow and dust.") \
  X(TEMPERATURE_LOW, "temperature.low", "a temperature is below what the device is made for", "Check the sensor and the room.") \
  X(THROTTLE_THERMAL, "throttle.thermal", "the device runs slower because of its temperature", "Check fans, air flow and dust.") \
  X(THROTTLE_POWER, "throttle.power", "the device runs slower because of its power limit", "Check the power limit and the supply.") \
  X(THROTTLE_HARDWARE, "throttle.hardware", "the hardware slows the device down", "Check power cables, supply and cooling.") \
  X(POWER_SUPPLY, "power.supply", "the device's power connection is faulty or insufficient", "Check cables and connectors of the card.") \
  X(POWER_HIGH, "power.high", "the device draws more than its limit", "Check the power limit; have the card examined.") \
  X(POWER_IDLE, "power.idle", "the idle power is outside of its usual range", "Make sure nothing uses the device, then reset it.") \
  X(FAN_FAILED, "fan.failed", "a fan stands still or is too slow", "Replace the fan.") \
  /* Memory */ \
  X(MEMORY_UNCORRECTED, "memory.uncorrected", "uncorrectable memory errors", "Drain the device and reset it; replace it if they return.") \
  X(MEMORY_CORRECTED_RATE, "memory.corrected_rate", "corrected memory errors come often", "Watch it; plan a replacement if the rate grows.") \
  X(MEMORY_REMAP_PENDING, "memory.remap_pending", "memory rows wait for being remapped", "Drain the device and reset it.") \
  X(MEMORY_REMAP_FAILED, "memory.remap_failed", "memory rows could not be remapped", "Replace the device.") \
  X(MEMORY_RETIRED, "memory.retired", "many memory pages or rows are retired", "Plan a replacement.") \
  X(MEMORY_SHRUNK, "memory.shrunk", "the device shows less memory than its model has", "Reset the device; replace it if the memory stays away.") \
  /* Links */ \
  X(LINK_DEGRADED, "link.degraded", "the bus link runs slower or narrower than it can", "Reseat the card; check riser and slot.") \
  X(LINK_ERRORS, "link.errors", "the bus link counts errors", "Reseat the card; check riser and slot.") \
  X(LINK_FATAL, "link.fatal", "the bus reports a fatal error of the device", "Reset the device; reseat the card if it returns.") \
  X(FABRIC_DOWN, "fabric.down", "a link between devices is down", "Check the bridge or cable between the cards.") \
  X(FABRIC_ERRORS, "fabric.errors", "a link between devices counts errors", "Check the bridge or cable between the cards.") \
  X(GROUP_BROKEN, "group.broken", "devices that work together are not grouped", "Release the job and group them anew.") \
  /* Results */ \
  X(COMPUTE_WRONG, "compute.wrong", "the device computed a wrong result", "Take it out of service at once and replace it.") \
  X(COMPUTE_SLOW, "compute.slow", "the device computes slower than it should", "Check heat, power limit and clock; compare with its peers.") \
  X(MEMORY_SLOW, "memory.slow", "the device's memory is slower than it should be", "Reset the device; compare with its peers.") \
  X(TRANSFER_SLOW, "transfer.slow", "transfers to or from the device are slower than they should be", "Check link width and NUMA placement.") \
  /* Driver, library, tool */ \
  X(DRIVER_MISSING, "driver.missing", "the vendor's driver is not loaded", "Install or load the driver.") \
  X(DRIVER_MISMATCH, "driver.mismatch", "driver and user-mode library do not fit together", "Install both from one release; reboot if the old driver is still loaded.") \
  X(DRIVER_UNKNOWN, "driver.unknown", "this driver release is not known to the plugin", "Update the plugin; until then some states stay unknown.") \
  X(LIBRARY_MISSING, "library.missing", "the vendor's library is not installed", "Install the vendor's library; fewer readings until then.") \
  X(TOOL_MISSING, "tool.missing", "the vendor's tool is not installed", "Install the vendor's tool; fewer readings until then.") \
  X(KERNEL_LOG, "kernel.log", "the kernel's log speaks of a fault of the device or driver", "Read the line; reset the device if the driver asks for it.") \
  /* The plugin */ \
  X(PLUGIN_CRASHED, "plugin.crashed", "the plugin's process ended by itself", "Send the vendor the log; the agent starts it again.") \
  X(PLUGIN_HUNG, "plugin.hung", "a call into the plugin did not return", "Send the vendor the log; the agent starts it again.") \
  X(PLUGIN_REFUSED, "plugin.refused", "the plugin was not loaded", "Read the sentence; reinstall the package.") \
  X(PLUGIN_GREEDY, "plugin.greedy", "the plugin uses more CPU or memory than it may", "Send the vendor the figures, or raise its limits.") \
  X(READING_FAILED, "reading.failed", "a value that a check needs could not be read", "Look at the sentence; until then the state is unknown.") \
  X(READING_IMPLAUSIBLE, "reading.implausible", "a value is outside of what is physically possible", "Compare with the vendor's tool; update driver and plugin.") \
  X(READING_STUCK, "reading.stuck", "a value that always moves does not move", "Reset the device; update the driver.") \
  /* The node */ \
  X(NODE_DISK_FULL, "node.disk_full", "a file system is nearly full", "Free or add space.") \
  X(NODE_DISK_READ_ONLY, "node.disk_read_only", "a file system became read-only", "Read the kernel's log; check the disk.") \
  X(NODE_DISK_FAILING, "node.disk_failing", "a disk reports errors", "Replace the disk.") \
  X(NODE_MEMORY, "node.memory", "the node runs short of memory", "Find the process that takes it.") \
  X(NODE_MEMORY_ERRORS, "node.memory_errors", "the node's memory or processor reports errors", "Have the memory module or processor replaced.") \
  X(NODE_CLOCK, "node.clock", "the clock is not synchronised or is off", "Check chrony or systemd-timesyncd.") \
  X(NODE_NETWORK, "node.network", "a network link is down or slow", "Check cable and switch port.") \
  X(NODE_UNIT_FAILED, "node.unit_failed", "a system service failed", "See systemctl status.") \
  X(NODE_REBOOT_REQUIRED, "node.reboot_required", "an update asks for a reboot", "Drain the node and reboot it.") \
  X(NODE_CHECK_FAILED, "node.check_failed", "a check command reports a problem", "Read its output.") \
  X(NODE_OOM, "node.oom", "the kernel killed processes because memory ran out", "Find what took the memory; give jobs a memory limit.") \
  X(NODE_LOAD, "node.load", "far more wants to run than the node has processors for", "Find the processes that run or wait; look at pressure and disks.") \
  X(NODE_KERNEL, "node.kernel", "the kernel met a bug, a lockup or a hung task", "Save the kernel's log, drain the node and reboot it.") \
  X(NODE_FILE_SYSTEM, "node.file_system", "a file system found itself damaged", "Unmount it and run its fsck; check the disk below it.") \
  X(IOMMU_FAULT, "iommu.fault", "a device reached for memory that is not its own", "Look at the job or driver that used it; reset the device if it returns.")
/* clang-format on */

#define FH_REASON_DEVICE_MISSING "device.missing"
#define FH_REASON_DEVICE_EXTRA "device.extra"
#define FH_REASON_DEVICE_MOVED "device.moved"
#define FH_REASON_DEVICE_LOST "device.lost"
#define FH_REASON_DEVICE_HUNG "device.hung"
#define FH_REASON_DEVICE_UNMANAGED "device.unmanaged"
#define FH_REASON_DEVICE_PERMISSION "device.permission"
#define FH_REASON_DEVICE_FAULT "device.fault"
#define FH_REASON_DEVICE_RESET_REQUIRED "device.reset_required"
#define FH_REASON_DEVICE_REBOOT_REQUIRED "device.reboot_required"
#define FH_REASON_DEVICE_WAS_RESET "device.was_reset"
#define FH_REASON_DEVICE_FLAPPING "device.flapping"
#define FH_REASON_DEVICE_IDENTITY "device.identity"
#define FH_REASON_HEARTBEAT_STOPPED "heartbeat.stopped"
#define FH_REASON_FIRMWARE_FAULT "firmware.fault"
#define FH_REASON_FIRMWARE_MISMATCH "firmware.mismatch"
#define FH_REASON_CONTEXT_FAULT "context.fault"
#define FH_REASON_TEMPERATURE_HIGH "temperature.high"
#define FH_REASON_TEMPERATURE_LOW "temperature.low"
#define FH_REASON_THROTTLE_THERMAL "throttle.thermal"
#define FH_REASON_THROTTLE_POWER "throttle.power"
#define FH_REASON_THROTTLE_HARDWARE "throttle.hardware"
#define FH_REASON_POWER_SUPPLY "power.supply"
#define FH_REASON_POWER_HIGH "power.high"
#define FH_REASON_POWER_IDLE "power.idle"
#define FH_REASON_FAN_FAILED "fan.failed"
#define FH_REASON_MEMORY_UNCORRECTED "memory.uncorrected"
#define FH_REASON_MEMORY_CORRECTED_RATE "memory.corrected_rate"
#define FH_REASON_MEMORY_REMAP_PENDING "memory.remap_pending"
#define FH_REASON_MEMORY_REMAP_FAILED "memory.remap_failed"
#define FH_REASON_MEMORY_RETIRED "memory.retired"
#define FH_REASON_MEMORY_SHRUNK "memory.shrunk"
#define FH_REASON_LINK_DEGRADED "link.degraded"
#define FH_REASON_LINK_ERRORS "link.errors"
#define FH_REASON_LINK_FATAL "link.fatal"
#define FH_REASON_FABRIC_DOWN "fabric.down"
#define FH_REASON_FABRIC_ERRORS "fabric.errors"
#define FH_REASON_GROUP_BROKEN "group.broken"
#define FH_REASON_COMPUTE_WRONG "compute.wrong"
#define FH_REASON_COMPUTE_SLOW "compute.slow"
#define FH_REASON_MEMORY_SLOW "memory.slow"
#define FH_REASON_TRANSFER_SLOW "transfer.slow"
#define FH_REASON_DRIVER_MISSING "driver.missing"
#define FH_REASON_DRIVER_MISMATCH "driver.mismatch"
#define FH_REASON_DRIVER_UNKNOWN "driver.unknown"
#define FH_REASON_LIBRARY_MISSING "library.missing"
#define FH_REASON_TOOL_MISSING "tool.missing"
#define FH_REASON_KERNEL_LOG "kernel.log"
#define FH_REASON_PLUGIN_CRASHED "plugin.crashed"
#define FH_REASON_PLUGIN_HUNG "plugin.hung"
#define FH_REASON_PLUGIN_REFUSED "plugin.refused"
#define FH_REASON_PLUGIN_GREEDY "plugin.greedy"
#define FH_REASON_READING_FAILED "reading.failed"
#define FH_REASON_READING_IMPLAUSIBLE "reading.implausible"
#define FH_REASON_READING_STUCK "reading.stuck"
#define FH_REASON_NODE_DISK_FULL "node.disk_full"
#define FH_REASON_NODE_DISK_READ_ONLY "node.disk_read_only"
#define FH_REASON_NODE_DISK_FAILING "node.disk_failing"
#define FH_REASON_NODE_MEMORY "node.memory"
#define FH_REASON_NODE_MEMORY_ERRORS "node.memory_errors"
#define FH_REASON_NODE_CLOCK "node.clock"
#define FH_REASON_NODE_NETWORK "node.network"
#define FH_REASON_NODE_UNIT_FAILED "node.unit_failed"
#define FH_REASON_NODE_REBOOT_REQUIRED "node.reboot_required"
#define FH_REASON_NODE_CHECK_FAILED "node.check_failed"
#define FH_REASON_NODE_OOM "node.oom"
#define FH_REASON_NODE_LOAD "node.load"
#define FH_REASON_NODE_KERNEL "node.kernel"
#define FH_REASON_NODE_FILE_SYSTEM "node.file_system"
#define FH_REASON_IOMMU_FAULT "iommu.fault"

#endif
