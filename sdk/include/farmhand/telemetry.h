/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.telemetry/1: what a device measures, and readings of it. */
#ifndef FARMHAND_TELEMETRY_H
#define FARMHAND_TELEMETRY_H

#include "farmhand/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_TELEMETRY_ID "farmhand.telemetry/1"

/* Metric kinds. */
#define FH_METRIC_GAUGE 1 /* goes up and down */
#define FH_METRIC_COUNTER \
  2 /* only grows, until it restarts from a lower value; the agent makes rates */

/* Units. The value of a sample is in exactly this unit. */
#define FH_UNIT_NONE 0 /* a count or a ratio */
#define FH_UNIT_CELSIUS 1
#define FH_UNIT_WATT 2
#define FH_UNIT_JOULE 3
#define FH_UNIT_BYTE 4
#define FH_UNIT_PERCENT 5 /* 0 to 100 */
#define FH_UNIT_MEGAHERTZ 6
#define FH_UNIT_NANOSECOND 7
#define FH_UNIT_VOLT 8
#define FH_UNIT_AMPERE 9
#define FH_UNIT_RPM 10
#define FH_UNIT_BYTE_PER_SECOND 11
#define FH_UNIT_OPERATION_PER_SECOND 12 /* of arithmetic; the dtype is in the name or a label */

/* What a reading is worth. Unreadable is never zero. */
#define FH_SAMPLE_OK 0
#define FH_SAMPLE_NOT_SUPPORTED 1 /* the device or driver does not offer it */
#define FH_SAMPLE_NO_PERMISSION 2
#define FH_SAMPLE_STALE 3   /* the source still shows an old reading */
#define FH_SAMPLE_ERROR 4   /* the source answered nonsense or failed */
#define FH_SAMPLE_UNKNOWN 5 /* not read */

/* Declares one series of a device. Names are dotted lower case, from general to special. The
 * standard names of metrics.h are used wherever they fit, with the kind and unit given there. A
 * name has the same unit and kind on every device of a plugin. */
typedef struct fh_metric {
  uint32_t struct_size;
  uint32_t kind;        /* FH_RECORD_METRIC */
  uint32_t id;          /* chosen by the plugin, unique in the device, below 65536 */
  int32_t metric_kind;  /* FH_METRIC_* */
  int32_t unit;         /* FH_UNIT_* */
  uint32_t interval_ms; /* how often it is worth reading; 0: at the agent's default */
  fh_str name;          /* `temperature` */
  fh_str label;         /* what tells series of one name apart: `core`; empty: one series */
  fh_str label_value;   /* `3` */
  fh_str help;          /* one sentence */
} fh_metric;

/* One reading. */
typedef struct fh_sample {
  uint32_t struct_size;
  uint32_t kind;        /* FH_RECORD_SAMPLE */
  uint32_t id;          /* of the fh_metric */
  int32_t status;       /* FH_SAMPLE_* */
  double value;         /* read only when the status is OK or STALE; finite */
  uint64_t boottime_ns; /* CLOCK_BOOTTIME of the reading; 0: now */
} fh_sample;

/* The interface table; frozen. */
typedef struct fh_telemetry {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [worker] Emits one fh_metric per series of call->device. Asked once after enumeration, and
   * again after each enumeration. */
  int32_t (*metrics)(void* self, const fh_call* call);

  /* [worker] Emits one fh_sample for each of the `count` ids, in any order. What is not emitted
   * counts as FH_SAMPLE_UNKNOWN. A status other than FH_OK discards the call's samples: use it when
   * the whole device failed (FH_E_DEVICE_LOST), and a sample's own status when one reading did. */
  int32_t (*sample)(void* self, const fh_call* call, const uint32_t* ids, uint32_t count);
} fh_telemetry;

#ifdef __cplusplus
}
#endif

#endif
