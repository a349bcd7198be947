/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of standard metrics: one name, kind and unit for one quantity, whoever made the
 * device. Where a device can give a quantity of this list, it gives it under this name; whatever
 * else it measures gets a name of its own in the same form. `farmhand-plugin-check` compares.
 *
 * A quantity of the whole device has no label. A part's series is the same quantity with a label:
 * `core`, `sensor`, `memory` (a stack or module), `link`, `fan`, `rail`, `slice`. A device that has
 * only parts gives a whole too where that makes sense: the hottest, the sum, the mean.
 *
 * FH_METRICS(X) calls X(name, metric_kind, unit, help) for each. Entries are never renamed nor
 * removed.
 */
#ifndef FARMHAND_METRICS_H
#define FARMHAND_METRICS_H

#include "farmhand/telemetry.h"

/* clang-format off */
#define FH_METRICS(X) \
  X("utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "Busy part of the compute units.") \
  X("utilization.memory", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "Busy part of the memory interface.") \
  X("core.utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "Busy part of one core.") \
  X("core.occupied", FH_METRIC_GAUGE, FH_UNIT_NONE, "1 while a program holds the core.") \
  X("cycles", FH_METRIC_COUNTER, FH_UNIT_NONE, "Clock cycles.") \
  X("cycles.busy", FH_METRIC_COUNTER, FH_UNIT_NONE, "Clock cycles that executed a task.") \
  X("contexts", FH_METRIC_GAUGE, FH_UNIT_NONE, "Programs' contexts on the device.") \
  X("processes", FH_METRIC_GAUGE, FH_UNIT_NONE, "Processes that use the device.") \
  X("temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "Of the chip; of several sensors the hottest.") \
  X("temperature.memory", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "Of the memory; of several sensors the hottest.") \
  X("temperature.board", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "Of the board.") \
  X("temperature.ambient", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "Of the air at the card.") \
  X("temperature.limit", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "Where the device begins to slow down.") \
  X("core.temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "Of one core.") \
  X("power", FH_METRIC_GAUGE, FH_UNIT_WATT, "Drawn by the whole card or module.") \
  X("power.limit", FH_METRIC_GAUGE, FH_UNIT_WATT, "The power limit in force.") \
  X("core.power", FH_METRIC_GAUGE, FH_UNIT_WATT, "Drawn by one core.") \
  X("energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "Used, by the device's own counter. The agent integrates power where there is none.") \
  X("voltage", FH_METRIC_GAUGE, FH_UNIT_VOLT, "Of a supply rail.") \
  X("current", FH_METRIC_GAUGE, FH_UNIT_AMPERE, "Of a supply rail.") \
  X("fan", FH_METRIC_GAUGE, FH_UNIT_RPM, "Of a fan on the card.") \
  X("memory.used", FH_METRIC_GAUGE, FH_UNIT_BYTE, "Device memory in use.") \
  X("memory.total", FH_METRIC_GAUGE, FH_UNIT_BYTE, "Device memory there is.") \
  X("clock.core", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "Of the compute units.") \
  X("clock.memory", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "Of the memory.") \
  X("core.clock", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "Of one core.") \
  X("performance.state", FH_METRIC_GAUGE, FH_UNIT_NONE, "The vendor's number of the performance state.") \
  X("throttle.reasons", FH_METRIC_GAUGE, FH_UNIT_NONE, "Why it runs slower, bits FH_THROTTLE_*; 0: it does not.") \
  X("throttle.events", FH_METRIC_COUNTER, FH_UNIT_NONE, "How often it was slowed down.") \
  X("errors.corrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "Memory errors corrected.") \
  X("errors.uncorrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "Memory errors beyond correction.") \
  X("errors.device", FH_METRIC_COUNTER, FH_UNIT_NONE, "Errors the device or its driver counts beside memory's.") \
  X("memory.remapped", FH_METRIC_COUNTER, FH_UNIT_NONE, "Memory rows or pages replaced by spare ones.") \
  X("memory.remap.pending", FH_METRIC_GAUGE, FH_UNIT_NONE, "Rows or pages that wait for a reset to be replaced.") \
  X("link.generation", FH_METRIC_GAUGE, FH_UNIT_NONE, "PCI Express generation in use.") \
  X("link.width", FH_METRIC_GAUGE, FH_UNIT_NONE, "PCI Express lanes in use.") \
  X("link.generation.max", FH_METRIC_GAUGE, FH_UNIT_NONE, "PCI Express generation that device and slot can do.") \
  X("link.width.max", FH_METRIC_GAUGE, FH_UNIT_NONE, "PCI Express lanes that device and slot can do.") \
  X("link.replays", FH_METRIC_COUNTER, FH_UNIT_NONE, "PCI Express packets sent again.") \
  X("link.errors.corrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "PCI Express errors, corrected (AER).") \
  X("link.errors.nonfatal", FH_METRIC_COUNTER, FH_UNIT_NONE, "PCI Express errors, not corrected, not fatal (AER).") \
  X("link.errors.fatal", FH_METRIC_COUNTER, FH_UNIT_NONE, "PCI Express errors, fatal (AER).") \
  X("link.received.bytes", FH_METRIC_COUNTER, FH_UNIT_BYTE, "Bytes the device received over the bus.") \
  X("link.sent.bytes", FH_METRIC_COUNTER, FH_UNIT_BYTE, "Bytes the device sent over the bus.") \
  X("fabric.errors", FH_METRIC_COUNTER, FH_UNIT_NONE, "Errors on links between devices.") \
  X("fabric.up", FH_METRIC_GAUGE, FH_UNIT_NONE, "1 while a link between devices is up.") \
  X("channel.throughput", FH_METRIC_GAUGE, FH_UNIT_BYTE_PER_SECOND, "Of one memory channel.") \
  X("heartbeat", FH_METRIC_COUNTER, FH_UNIT_NONE, "The firmware's sign of life; what counts is that it moves.") \
  X("uptime", FH_METRIC_GAUGE, FH_UNIT_NANOSECOND, "Since the firmware started.") \
  X("compute.rate", FH_METRIC_GAUGE, FH_UNIT_OPERATION_PER_SECOND, "Arithmetic done; label `dtype`.")
/* clang-format on */

/* Bits of `throttle.reasons`, into which the vendor's own bits are translated. */
#define FH_THROTTLE_THERMAL 1u /* a temperature */
#define FH_THROTTLE_POWER 2u   /* the power limit in force */
#define FH_THROTTLE_HARDWARE                                                                    \
  4u                           /* the hardware's own protection: supply, brake signal, slowdown \
                                */
#define FH_THROTTLE_SETTING 8u /* an operator's clock or power setting */
#define FH_THROTTLE_LINK 16u   /* the bus */
#define FH_THROTTLE_OTHER 32u  /* the vendor gives another reason or none; idle is no reason */

#endif
