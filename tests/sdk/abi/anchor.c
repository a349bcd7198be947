/* SPDX-License-Identifier: Apache-2.0 */
/* One function per public struct: a plugin exports a single object, which would give abidiff too
 * little to walk. */
#include <farmhand/devices.h>
#include <farmhand/diag.h>
#include <farmhand/events.h>
#include <farmhand/health.h>
#include <farmhand/jobenv.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>
#include <farmhand/telemetry.h>

#define ANCHOR(type)                          \
  FH_EXPORT void anchor_##type(type* object); \
  void anchor_##type(type* object) {          \
    (void)object;                             \
  }

ANCHOR(fh_plugin_entry)
ANCHOR(fh_descriptor)
ANCHOR(fh_host)
ANCHOR(fh_config)
ANCHOR(fh_call)
ANCHOR(fh_error)
ANCHOR(fh_record)
ANCHOR(fh_device)
ANCHOR(fh_peak)
ANCHOR(fh_devices)
ANCHOR(fh_metric)
ANCHOR(fh_sample)
ANCHOR(fh_telemetry)
ANCHOR(fh_verdict)
ANCHOR(fh_evidence)
ANCHOR(fh_health)
ANCHOR(fh_event)
ANCHOR(fh_events)
ANCHOR(fh_leased)
ANCHOR(fh_lease)
ANCHOR(fh_node)
ANCHOR(fh_variable)
ANCHOR(fh_mount)
ANCHOR(fh_keep)
ANCHOR(fh_jobenv)
ANCHOR(fh_test)
ANCHOR(fh_progress)
ANCHOR(fh_test_run)
ANCHOR(fh_diag)
ANCHOR(fh_reset_kind)
ANCHOR(fh_reset_shared)
ANCHOR(fh_reset)
ANCHOR(fh_slice)
ANCHOR(fh_slice_profile)
ANCHOR(fh_slices)
