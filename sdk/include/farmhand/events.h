/* SPDX-License-Identifier: Apache-2.0 */
/*
 * farmhand.events/1: what a device reports by itself, such as an XID, a surprise link-down, a
 * reset.
 *
 * Events are fetched by a blocking call, not pushed through a host service. So a plugin needs no
 * thread of its own; the host can bound a flood (it calls again when it has room), cancel, and tell
 * a hang; and once `stop` returns no event can arrive any more. Its price is one thread in the host
 * for each plugin that offers this.
 */
#ifndef FARMHAND_EVENTS_H
#define FARMHAND_EVENTS_H

#include "farmhand/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_EVENTS_ID "farmhand.events/1"

/* Severities. */
#define FH_SEVERITY_INFO 1     /* worth keeping, nothing to do */
#define FH_SEVERITY_WARNING 2  /* the device works on */
#define FH_SEVERITY_ERROR 3    /* a job was or will be hurt */
#define FH_SEVERITY_CRITICAL 4 /* the device is unusable until something is done */

/* One event; fh_evidence records may follow it. */
typedef struct fh_event {
  uint32_t struct_size;
  uint32_t kind;        /* FH_RECORD_EVENT */
  uint32_t device;      /* handle, or FH_NO_DEVICE: of the driver or the vendor's library */
  int32_t severity;     /* FH_SEVERITY_* */
  int64_t vendor_code;  /* the vendor's number, e.g. the XID; 0: none */
  uint64_t boottime_ns; /* when it happened, CLOCK_BOOTTIME; 0: now */
  uint32_t lost;        /* events that the source dropped before this one; 0: none known */
  uint32_t reserved0;
  fh_str reason;   /* a code of reasons.h, or `vendor.<vendor>.<code>`; required */
  fh_str sentence; /* required */
} fh_event;

/* The interface table; frozen. */
typedef struct fh_events {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [long], device = FH_NO_DEVICE, beside every other call. Waits for events, emits those there are
   * and returns FH_OK at once; at the deadline (usually 1 s ahead) with none: FH_E_TIMEOUT. Looks
   * at `cancelled` at least every 100 ms. The host calls again at once, forever. Events that happen
   * between two calls must not get lost: subscribe in `start`, or at the first call. At most 1000
   * in one call; the rest comes with the next. FH_E_UNSUPPORTED: this driver has no events; the
   * host asks no more. FH_E_PERMISSION, FH_E_DEVICE_LOST, FH_E_INTERNAL: the host asks again after
   * a pause. FH_E_CANCELLED: cancel was seen. */
  int32_t (*wait)(void* self, const fh_call* call);
} fh_events;

#ifdef __cplusplus
}
#endif

#endif
