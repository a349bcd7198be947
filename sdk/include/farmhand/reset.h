/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.reset/1: bringing a device back to a known state. */
#ifndef FARMHAND_RESET_H
#define FARMHAND_RESET_H

#include "farmhand/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_RESET_ID "farmhand.reset/1"

/* Kinds of reset, from gentle to harsh. The agent tries the gentle ones first. */
#define FH_RESET_CONTEXT 10 /* drops hung or aborted contexts; the device keeps running */
#define FH_RESET_DEVICE 20  /* restarts the device's cores and firmware */
#define FH_RESET_BUS 30     /* resets the device on its bus and loads the firmware anew */
#define FH_RESET_POWER 40   /* takes its power away and gives it back */

/* Reset flags. */
#define FH_RESET_LOSES_MEMORY 1u /* the device's memory is lost */
#define FH_RESET_RENUMBERS 2u    /* the vendor's index of devices may change; keys stay */
#define FH_RESET_LEAVES_BUS 4u   /* the device is missing for a while */

/* Declares one kind of reset that call->device can do now. Followed by an fh_reset_shared for each
 * other device that it resets too. */
typedef struct fh_reset_kind {
  uint32_t struct_size;
  uint32_t kind;        /* FH_RECORD_RESET */
  int32_t reset_kind;   /* FH_RESET_CONTEXT, … */
  uint32_t flags;       /* FH_RESET_LOSES_MEMORY, … */
  uint64_t duration_ns; /* what it usually takes; 0: not known */
  fh_str help;          /* one sentence */
} fh_reset_kind;

/* Another device that is reset along, such as the other chips of one card. */
typedef struct fh_reset_shared {
  uint32_t struct_size;
  uint32_t kind;   /* FH_RECORD_RESET_SHARED */
  uint32_t device; /* handle */
  uint32_t reserved0;
} fh_reset_shared;

/* The interface table; frozen. */
typedef struct fh_reset {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [worker] Emits the kinds of reset that are possible. Touches nothing. */
  int32_t (*kinds)(void* self, const fh_call* call);

  /* [long] Resets call->device; returns when it answers again, or with the reason why it does not.
   * No job holds the device or any that it shares the reset with, and the host makes no other call
   * for them until this one returns; afterwards it enumerates anew. Never retries by itself with a
   * harsher kind. FH_E_UNSUPPORTED: not this kind, not now; FH_E_AGAIN: something still uses the
   * device, name it; FH_E_PERMISSION; FH_E_DEVICE_LOST: it did not come back; FH_E_TIMEOUT;
   * FH_E_CANCELLED only before the point of no return. */
  int32_t (*reset)(void* self, const fh_call* call, int32_t reset_kind);
} fh_reset;

#ifdef __cplusplus
}
#endif

#endif
