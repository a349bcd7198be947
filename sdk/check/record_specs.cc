// SPDX-License-Identifier: Apache-2.0
#include "record_specs.hh"

#include <farmhand/devices.h>
#include <farmhand/diag.h>
#include <farmhand/events.h>
#include <farmhand/health.h>
#include <farmhand/jobenv.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>
#include <farmhand/telemetry.h>

#include "records.hh"

namespace farmhand::check {

namespace {

constexpr uint32_t in(Op op) {
  return 1u << static_cast<uint32_t>(op);
}

#define TEXT(type, member) \
  { #member, offsetof(type, member), false }
#define NEEDED(type, member) \
  { #member, offsetof(type, member), true }

const RecordSpec kSpecs[] = {
    {FH_RECORD_DEVICE,
     "fh_device",
     sizeof(fh_device),
     in(Op::kEnumerate),
     {NEEDED(fh_device, key), TEXT(fh_device, vendor), TEXT(fh_device, model),
      TEXT(fh_device, serial), TEXT(fh_device, uuid), TEXT(fh_device, pci),
      TEXT(fh_device, firmware), TEXT(fh_device, driver), TEXT(fh_device, note)}},
    {FH_RECORD_PEAK,
     "fh_peak",
     sizeof(fh_peak),
     in(Op::kEnumerate),
     {NEEDED(fh_peak, dtype), NEEDED(fh_peak, source)}},
    {FH_RECORD_METRIC,
     "fh_metric",
     sizeof(fh_metric),
     in(Op::kMetrics),
     {NEEDED(fh_metric, name), TEXT(fh_metric, label), TEXT(fh_metric, label_value),
      TEXT(fh_metric, help)}},
    {FH_RECORD_SAMPLE, "fh_sample", sizeof(fh_sample), in(Op::kSample), {}},
    {FH_RECORD_VERDICT,
     "fh_verdict",
     sizeof(fh_verdict),
     in(Op::kCheck) | in(Op::kRun),
     {NEEDED(fh_verdict, check), TEXT(fh_verdict, reason), TEXT(fh_verdict, sentence),
      TEXT(fh_verdict, action)}},
    {FH_RECORD_EVIDENCE,
     "fh_evidence",
     sizeof(fh_evidence),
     in(Op::kCheck) | in(Op::kRun) | in(Op::kWait),
     {NEEDED(fh_evidence, name), TEXT(fh_evidence, text)}},
    {FH_RECORD_EVENT,
     "fh_event",
     sizeof(fh_event),
     in(Op::kWait),
     {NEEDED(fh_event, reason), NEEDED(fh_event, sentence)}},
    {FH_RECORD_NODE,
     "fh_node",
     sizeof(fh_node),
     in(Op::kPrepare),
     {NEEDED(fh_node, path), TEXT(fh_node, target)}},
    {FH_RECORD_VARIABLE,
     "fh_variable",
     sizeof(fh_variable),
     in(Op::kPrepare),
     {NEEDED(fh_variable, name), TEXT(fh_variable, value)}},
    {FH_RECORD_MOUNT,
     "fh_mount",
     sizeof(fh_mount),
     in(Op::kPrepare),
     {NEEDED(fh_mount, source), TEXT(fh_mount, target)}},
    {FH_RECORD_KEEP, "fh_keep", sizeof(fh_keep), in(Op::kPrepare), {TEXT(fh_keep, text)}},
    {FH_RECORD_TEST,
     "fh_test",
     sizeof(fh_test),
     in(Op::kTests),
     {NEEDED(fh_test, name), TEXT(fh_test, help)}},
    {FH_RECORD_PROGRESS,
     "fh_progress",
     sizeof(fh_progress),
     in(Op::kRun),
     {TEXT(fh_progress, sentence)}},
    {FH_RECORD_RESET,
     "fh_reset_kind",
     sizeof(fh_reset_kind),
     in(Op::kKinds),
     {TEXT(fh_reset_kind, help)}},
    {FH_RECORD_RESET_SHARED, "fh_reset_shared", sizeof(fh_reset_shared), in(Op::kKinds), {}},
    {FH_RECORD_SLICE,
     "fh_slice",
     sizeof(fh_slice),
     in(Op::kSlices),
     {NEEDED(fh_slice, key), TEXT(fh_slice, profile)}},
    {FH_RECORD_SLICE_PROFILE,
     "fh_slice_profile",
     sizeof(fh_slice_profile),
     in(Op::kProfiles),
     {NEEDED(fh_slice_profile, name), TEXT(fh_slice_profile, help)}},
};

}  // namespace

const RecordSpec* find_spec(uint32_t kind) {
  for (const RecordSpec& spec : kSpecs) {
    if (spec.kind == kind) return &spec;
  }
  return nullptr;
}

}  // namespace farmhand::check
