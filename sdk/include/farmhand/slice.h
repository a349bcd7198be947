/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.slice/1: parts of a device that can be scheduled alone: MIG instances, fused cores,
 * chiplets. */
#ifndef FARMHAND_SLICE_H
#define FARMHAND_SLICE_H

#include "farmhand/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_SLICE_ID "farmhand.slice/1"

/* Slice flags. */
#define FH_SLICE_FIXED \
  1u /* always there beside the others: cores that a job simply opens; `apply` is not needed */
#define FH_SLICE_OCCUPIED 2u /* the driver says that something uses it now */

/* One slice of call->device that exists now. Slices that overlap (`core_first`, `core_count`)
 * exclude each other; the agent leases only ones that do not. */
typedef struct fh_slice {
  uint32_t struct_size;
  uint32_t kind;         /* FH_RECORD_SLICE */
  uint32_t flags;        /* FH_SLICE_* */
  uint32_t core_first;   /* cores, chiplets or compute slices: the device's own unit of division */
  uint32_t core_count;   /* 0: not known which part it covers */
  uint32_t core_total;   /* of the device */
  fh_str key;            /* required, unique in the plugin, stable as long as the slice exists:
                            `<device key>/cores/0-3`, a MIG UUID */
  fh_str profile;        /* name of an fh_slice_profile: `4core`, `1g.10gb` */
  uint64_t memory_bytes; /* 0: shared with the other slices, or not known */
} fh_slice;

/* One way of dividing call->device. */
typedef struct fh_slice_profile {
  uint32_t struct_size;
  uint32_t kind;         /* FH_RECORD_SLICE_PROFILE */
  uint32_t core_count;   /* in the same unit as in fh_slice */
  uint32_t count_max;    /* how many of it the whole device can hold */
  uint64_t memory_bytes; /* of one; 0: shared or not known */
  fh_str name;           /* required, as the vendor writes it */
  fh_str help;           /* one sentence */
} fh_slice_profile;

/* The interface table; frozen. Metrics of a slice are series of its device with the label `slice`
 * and the slice's key as value (telemetry.h). */
typedef struct fh_slices {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [worker] Emits every slice that exists, occupied ones too. An undivided device: FH_OK, nothing.
   */
  int32_t (*slices)(void* self, const fh_call* call);

  /* [worker] Emits every profile the device offers. */
  int32_t (*profiles)(void* self, const fh_call* call);

  /* [long] Divides the device into exactly these, by profile name; count 0 makes it whole again.
   * Idempotent: what is already so stays untouched, slices that must go are not in use. On failure
   * the device is as before, or the text says what is left. FH_E_INVALID: they do not fit together;
   * FH_E_AGAIN: a slice is in use after all; FH_E_PERMISSION; FH_E_UNSUPPORTED: slices are FIXED.
   */
  int32_t (*apply)(void* self, const fh_call* call, const fh_str* profiles, uint32_t count);
} fh_slices;

#ifdef __cplusplus
}
#endif

#endif
