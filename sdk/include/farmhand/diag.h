/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.diag/1: the vendor's tests of a device, with measured results. */
#ifndef FARMHAND_DIAG_H
#define FARMHAND_DIAG_H

#include "farmhand/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_DIAG_ID "farmhand.diag/1"

/* Levels, each including those before it. The numbers leave room between them. */
#define FH_LEVEL_QUICK 10    /* seconds */
#define FH_LEVEL_STANDARD 20 /* 2 minutes for all of a device's tests together */
#define FH_LEVEL_LONG 30     /* 15 minutes */
#define FH_LEVEL_BURN_IN 40  /* hours */

/* Test flags. */
#define FH_TEST_NEEDS_IDLE \
  1u                      /* nobody may use the device meanwhile; else it may run beside a job */
#define FH_TEST_RESETS 2u /* it may reset the device */
#define FH_TEST_USES_BUDGET 4u /* it runs as long as the budget says; else as long as it takes */

/* Declares one test of call->device. */
typedef struct fh_test {
  uint32_t struct_size;
  uint32_t kind;        /* FH_RECORD_TEST */
  int32_t level;        /* FH_LEVEL_*: the lowest that contains it */
  uint32_t flags;       /* FH_TEST_* */
  uint64_t duration_ns; /* what it usually takes on this device; 0: not known */
  fh_str name;          /* required, dotted lower case, unique in the device: `compute.fp16` */
  fh_str help;          /* one sentence */
} fh_test;

/* How far a running test is; emitted whenever it changes, once a second at most. */
typedef struct fh_progress {
  uint32_t struct_size;
  uint32_t kind;   /* FH_RECORD_PROGRESS */
  double percent;  /* 0 to 100, not falling */
  fh_str sentence; /* what it is doing; may be empty */
} fh_progress;

/* What `run` shall do. */
typedef struct fh_test_run {
  uint32_t struct_size;
  int32_t level;      /* FH_LEVEL_* that the operator asked for */
  uint64_t budget_ns; /* how long the test may load the device; the deadline lies a little later */
  uint64_t seed;      /* the same seed gives the same input data */
  fh_str name;        /* of the fh_test */
} fh_test_run;

/* The interface table; frozen. */
typedef struct fh_diag {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [worker] Emits one fh_test for every test this device can run. Touches nothing. */
  int32_t (*tests)(void* self, const fh_call* call);

  /* [long] Runs one test on call->device, which no job holds if the test needs it idle. Emits
   * fh_progress, which reaches the operator while the call runs, and in the end exactly one
   * fh_verdict whose `check` is the test's name, followed by an fh_evidence for each figure it
   * measured. FAIL means the device is at fault; if the test could not be carried out, return a
   * status instead: FH_E_UNSUPPORTED (counts as skipped), FH_E_CANCELLED within 1 s of the cancel
   * token, FH_E_TIMEOUT, FH_E_AGAIN (the device is in use), FH_E_DEVICE_LOST, FH_E_INVALID (no such
   * test). However it ends, the device is free and usable again when it returns. */
  int32_t (*run)(void* self, const fh_call* call, const fh_test_run* run);
} fh_diag;

#ifdef __cplusplus
}
#endif

#endif
