/* SPDX-License-Identifier: Apache-2.0 */
/* What a check concludes and what it rests on: the records that health.h, events.h and diag.h
 * share. */
#ifndef FARMHAND_VERDICT_H
#define FARMHAND_VERDICT_H

#include "farmhand/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Verdicts; an unknown value counts as FH_VERDICT_UNKNOWN. The numbers are those of
 * monitoring-plugins' exit codes. What could not be read is UNKNOWN, never OK. */
#define FH_VERDICT_OK 0
#define FH_VERDICT_WARN 1
#define FH_VERDICT_FAIL 2
#define FH_VERDICT_UNKNOWN 3

/* The outcome of one check or test of call->device. */
typedef struct fh_verdict {
  uint32_t struct_size;
  uint32_t kind;   /* FH_RECORD_VERDICT */
  int32_t verdict; /* FH_VERDICT_* */
  uint32_t reserved0;
  fh_str check;  /* required, dotted lower case, unique in the device: `link`, `memory.ecc` */
  fh_str reason; /* a code of reasons.h, or `vendor.<vendor>.<code>`; required unless OK */
  fh_str
      sentence;  /* what was found, with its numbers: `link runs at 16 GT/s x8, not 32 GT/s x16` */
  fh_str action; /* what the operator does next; empty: the catalogue's */
  uint64_t boottime_ns; /* CLOCK_BOOTTIME of the finding; 0: now */
} fh_verdict;

/* Which of an fh_evidence's bounds are set. */
#define FH_BOUND_LEAST 1u
#define FH_BOUND_MOST 2u

/* One measured or observed thing. Belongs to the verdict or event emitted last before it in the
 * same call. At most 32 for each. */
typedef struct fh_evidence {
  uint32_t struct_size;
  uint32_t kind;   /* FH_RECORD_EVIDENCE */
  int32_t unit;    /* FH_UNIT_* of telemetry.h */
  uint32_t bounds; /* FH_BOUND_*: which of `least` and `most` are set */
  double value;    /* in exactly this unit, finite; NaN: there is only text */
  double least;    /* what the plugin expects at least, from the model's data sheet or catalogue */
  double most;     /* what the plugin expects at most */
  fh_str name;     /* dotted lower case, unique in the verdict: `link.width`, `xid` */
  fh_str text;     /* the raw reading as the source gave it; empty: the number says it all */
} fh_evidence;

#ifdef __cplusplus
}
#endif

#endif
