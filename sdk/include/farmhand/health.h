/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.health/1: a plugin's own checks of its devices. */
#ifndef FARMHAND_HEALTH_H
#define FARMHAND_HEALTH_H

#include "farmhand/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_HEALTH_ID "farmhand.health/1"

/* The interface table; frozen. */
typedef struct fh_health {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [worker] Emits one fh_verdict for every check the plugin knows of call->device, also those that
   * are OK, each followed by its evidence. With device = FH_NO_DEVICE: the checks of driver and
   * vendor library as such; none is FH_OK with nothing emitted. Called about every 10 s while jobs
   * use the device: read only, load nothing on the device, keep well below the deadline.
   *
   * The plugin states what it sees now; the agent adds hysteresis, history and the device's overall
   * verdict. A check once emitted and then missing counts as UNKNOWN. A status other than FH_OK
   * discards the call's verdicts and makes all of the device's checks UNKNOWN with the error's
   * text: FH_E_DEVICE_LOST when the device does not answer at all (this one counts as FAIL,
   * `device.lost`), FH_E_PERMISSION, FH_E_TIMEOUT, FH_E_CANCELLED, FH_E_INVALID for a handle it
   * does not know. */
  int32_t (*check)(void* self, const fh_call* call);
} fh_health;

#ifdef __cplusplus
}
#endif

#endif
