// SPDX-License-Identifier: Apache-2.0
#include "xid.hh"

#include <farmhand/events.h>
#include <farmhand/reasons.h>

namespace farmhand::nvidia {

namespace {

constexpr int32_t kInfo = FH_SEVERITY_INFO;
constexpr int32_t kError = FH_SEVERITY_ERROR;
constexpr int32_t kCritical = FH_SEVERITY_CRITICAL;

// A number whose first step there is to restart the program is an error; one that asks for a reset,
// a reboot or NVIDIA's support is critical.
// clang-format off
constexpr Xid kXids[] = {
    {8, kError, FH_REASON_CONTEXT_FAULT, "the GPU stopped processing a program's work"},
    {13, kError, FH_REASON_CONTEXT_FAULT, "exception in the graphics or compute engine"},
    {31, kError, FH_REASON_CONTEXT_FAULT, "a program touched an address that is not mapped"},
    {32, kError, FH_REASON_CONTEXT_FAULT, "invalid or corrupted push buffer"},
    {38, kError, FH_REASON_FIRMWARE_FAULT, "driver firmware error"},
    {39, kError, FH_REASON_CONTEXT_FAULT, "copy engine exception"},
    {43, kError, FH_REASON_CONTEXT_FAULT, "the GPU stopped processing a program's work"},
    {45, kError, FH_REASON_CONTEXT_FAULT, "a program's work was removed before its end"},
    {46, kCritical, FH_REASON_DEVICE_HUNG, "the GPU stopped processing"},
    {48, kCritical, FH_REASON_MEMORY_UNCORRECTED, "memory error beyond correction"},
    {54, kCritical, FH_REASON_POWER_SUPPLY, "auxiliary power is not connected"},
    {61, kCritical, FH_REASON_FIRMWARE_FAULT, "breakpoint or warning of an internal controller"},
    {62, kCritical, FH_REASON_FIRMWARE_FAULT, "an internal controller halted"},
    {63, kInfo, FH_REASON_MEMORY_REMAP_PENDING, "a memory row or page was marked to be replaced"},
    {64, kCritical, FH_REASON_MEMORY_REMAP_FAILED, "a memory row or page could not be marked to be replaced"},
    {69, kError, FH_REASON_CONTEXT_FAULT, "error of the graphics engine's class"},
    {74, kCritical, FH_REASON_FABRIC_ERRORS, "NVLink error"},
    {79, kCritical, FH_REASON_DEVICE_LOST, "the GPU has fallen off the bus"},
    {92, kInfo, FH_REASON_MEMORY_CORRECTED_RATE, "corrected memory errors come often"},
    {94, kError, FH_REASON_MEMORY_UNCORRECTED, "contained memory error: only the program that met it is hurt"},
    {95, kCritical, FH_REASON_MEMORY_UNCORRECTED, "uncontained memory error: every program on the GPU may be hurt"},
    {109, kCritical, FH_REASON_CONTEXT_FAULT, "a context switch timed out"},
    {110, kCritical, FH_REASON_DEVICE_FAULT, "security fault"},
    {119, kCritical, FH_REASON_FIRMWARE_FAULT, "the GPU's system processor does not answer the driver"},
    {120, kCritical, FH_REASON_FIRMWARE_FAULT, "error of the GPU's system processor"},
    {121, kInfo, FH_REASON_FABRIC_ERRORS, "corrected error on the link between chips"},
    {136, kCritical, FH_REASON_FABRIC_DOWN, "a link could not be trained"},
    {137, kError, FH_REASON_CONTEXT_FAULT, "a program reached over NVLink for what is not mapped"},
    {140, kCritical, FH_REASON_MEMORY_UNCORRECTED, "unrecovered memory error"},
    {143, kCritical, FH_REASON_FIRMWARE_FAULT, "the GPU did not initialise"},
    {149, kCritical, FH_REASON_FABRIC_ERRORS, "NVLink error"},
    {154, kInfo, FH_REASON_KERNEL_LOG, "the driver asks for another recovery action than before; the check `recovery` says which"},
    {156, kCritical, FH_REASON_MEMORY_REMAP_PENDING, "a part of the GPU was taken out of use"},
};
// clang-format on

}  // namespace

const Xid* find_xid(uint64_t number) {
  for (const Xid& xid : kXids) {
    if (xid.number == number) return &xid;
  }
  return nullptr;
}

}  // namespace farmhand::nvidia
