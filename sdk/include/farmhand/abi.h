/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Farmhand plugin ABI, major 1. C11, header-only; this file is its documentation.
 *
 * A plugin is a shared library that exports exactly one symbol, the const object
 * `farmhand_plugin_v1`, and lies beside a manifest `<id>.toml`. The agent loads it into a process
 * of its own, `farmhand-plugin-host`: a crash or a hang costs that plugin's devices and nobody
 * else.
 *
 * Life of an instance, and the calls allowed in each state:
 *
 *   loaded --create--> created --start--> started --stop--> stopped --destroy--> gone
 *   loaded    create
 *   created   query, start, destroy
 *   started   query, every call of every interface, stop
 *   stopped   query, start, destroy
 *
 *   `create` may be called again in the same process, also after `destroy`. Once `stop` returns the
 *   plugin has no threads left and calls no host service.
 *
 * Threads. Each function carries one tag:
 *   [control]  one at a time per instance; the calling thread may change between calls; must not
 *              wait for hardware
 *   [worker]   called concurrently for different devices, never twice at once for the same device;
 *              may block until the deadline in its `fh_call`
 *   [long]     as [worker], but seconds to hours long and on a thread of its own: one [worker] call
 *              for the same device may run beside it (telemetry goes on during a diagnostic), never
 *              a second [long] one for that device or set of devices
 *   [any]      thread-safe, from any thread of the plugin
 *
 * Memory. Nobody frees what the other side allocated. Every pointer argument, and every pointer
 * inside a struct argument, is valid until the call returns, unless its name ends in `_static`:
 * then it lives as long as the process. What is emitted is copied before `emit` returns.
 *
 * Growth. Each struct that crosses begins with `struct_size`, the writer's sizeof; set it with
 * FH_INIT. A reader uses no byte beyond min(struct_size, its own sizeof) and takes what is missing
 * for zero. Records grow at the end. Interface tables never change: a new ability is a new id.
 * Fields named `reservedN` are written as zero and not read.
 *
 * Deadlines. A call returns by its deadline, with FH_E_TIMEOUT if need be. A deadline in the past,
 * 0 included, asks for what can be had without waiting.
 *
 * Forbidden in a plugin: fork without exec, signal handlers, setenv, setlocale, chdir, umask,
 * closing descriptors it did not open, exit, writing to stdout or stderr.
 */
#ifndef FARMHAND_ABI_H
#define FARMHAND_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FH_ABI_MAJOR 1
#define FH_ABI_MINOR 0

#define FH_EXPORT __attribute__((visibility("default")))

/* True when the struct behind `p` is long enough for member `m` and the member is set. */
#define FH_HAS(p, m) \
  (offsetof(__typeof__(*(p)), m) + sizeof((p)->m) <= (p)->struct_size && (p)->m != NULL)

/* ---- Status: what every int32_t function returns. An unknown value counts as FH_E_INTERNAL. ----
 */

#define FH_OK 0
#define FH_E_AGAIN 1        /* nothing now; the same call may succeed later */
#define FH_E_UNSUPPORTED 2  /* this device or driver does not offer it */
#define FH_E_INVALID 3      /* an argument or a setting is wrong; say which in the error text */
#define FH_E_TIMEOUT 4      /* the deadline passed, or would have */
#define FH_E_CANCELLED 5    /* the host's cancel token was seen */
#define FH_E_DEVICE_LOST 6  /* the device is gone or does not answer any more */
#define FH_E_PERMISSION 7   /* the process may not do this */
#define FH_E_HOST_TOO_OLD 8 /* the host lacks a service this plugin needs; name it in the text */
#define FH_E_INTERNAL 9     /* a fault inside the plugin or the vendor's library */

/* UTF-8 text without control characters, not NUL-terminated, never owned by the receiver. At most
 * 1024 bytes, keys and names 128. {NULL, 0} is "not known". */
typedef struct fh_str {
  const char* ptr;
  uint32_t len;
  uint32_t reserved0;
} fh_str;

/* Filled by the callee when a call fails; allocated by the caller. `text` is NUL-terminated and is
 * shown to the operator as it stands: one sentence that says what is wrong. */
typedef struct fh_error {
  uint32_t struct_size;
  int32_t code;        /* the status returned */
  int64_t vendor_code; /* the vendor library's own number, 0 if none */
  char text[256];
} fh_error;

/* ---- Records: what a plugin gives through `emit`. The kind says which struct follows. ---- */

#define FH_RECORD_DEVICE 1         /* fh_device, devices.h */
#define FH_RECORD_PEAK 2           /* fh_peak, devices.h */
#define FH_RECORD_METRIC 3         /* fh_metric, telemetry.h */
#define FH_RECORD_SAMPLE 4         /* fh_sample, telemetry.h */
#define FH_RECORD_VERDICT 5        /* fh_verdict, verdict.h */
#define FH_RECORD_EVIDENCE 6       /* fh_evidence, verdict.h */
#define FH_RECORD_EVENT 7          /* fh_event, events.h */
#define FH_RECORD_NODE 8           /* fh_node, jobenv.h */
#define FH_RECORD_VARIABLE 9       /* fh_variable, jobenv.h */
#define FH_RECORD_MOUNT 10         /* fh_mount, jobenv.h */
#define FH_RECORD_KEEP 11          /* fh_keep, jobenv.h */
#define FH_RECORD_TEST 12          /* fh_test, diag.h */
#define FH_RECORD_PROGRESS 13      /* fh_progress, diag.h */
#define FH_RECORD_RESET 14         /* fh_reset_kind, reset.h */
#define FH_RECORD_RESET_SHARED 15  /* fh_reset_shared, reset.h */
#define FH_RECORD_SLICE 16         /* fh_slice, slice.h */
#define FH_RECORD_SLICE_PROFILE 17 /* fh_slice_profile, slice.h */

/* The common beginning of all records. */
typedef struct fh_record {
  uint32_t struct_size;
  uint32_t kind; /* FH_RECORD_* */
} fh_record;

#define FH_NO_DEVICE UINT32_MAX

/* The first argument after `self` of every [worker] and [long] call. Written by the host. */
typedef struct fh_call {
  uint32_t struct_size;
  uint32_t device; /* the handle from fh_device, or FH_NO_DEVICE. A handle that was never
                      given: FH_E_INVALID; a device that is gone: FH_E_DEVICE_LOST */
  uint64_t deadline_boottime_ns; /* CLOCK_BOOTTIME; return by then, with FH_E_TIMEOUT if need be */
  uint64_t call_id;              /* unique in the host's life; for the plugin's own logs */
  void* sink;                    /* pass it to `emit` */
  fh_error* err;                 /* fill on failure; never NULL */
} fh_call;

/* ---- Host services ---- */

#define FH_LOG_DEBUG 0
#define FH_LOG_INFO 1
#define FH_LOG_WARN 2
#define FH_LOG_ERROR 3

/* Given to `create`; lives until `destroy` returns. All functions are [any]. */
typedef struct fh_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint64_t features; /* bits of optional host behaviour; none defined in 1.0 */
  void* ctx;         /* pass it to each function below */

  /* One line into the agent's log, under the plugin's name. Cut at 1024 bytes. */
  void (*log)(void* ctx, int32_t level, fh_str message);

  /* Gives one record to the call in progress. `sink` is the call's. Copies before it returns.
   * FH_E_INVALID: unknown kind or malformed record; FH_E_AGAIN: the call emitted too much (4 MiB).
   */
  int32_t (*emit)(void* ctx, void* sink, const fh_record* record);

  /* 1 once the call should give up early, 0 until then. */
  int32_t (*cancelled)(void* ctx, const fh_call* call);

  /* A further host service by id, or NULL. Unknown ids give NULL. */
  const void* (*query)(void* ctx, fh_str interface_id);
} fh_host;

/* One line of the operator's configuration of this plugin: `[plugins.<id>.settings]`. */
typedef struct fh_setting {
  fh_str key;
  fh_str value; /* as text; arrays joined by commas */
} fh_setting;

/* What `create` is told. */
typedef struct fh_config {
  uint32_t struct_size;
  uint32_t setting_count;
  const fh_setting* settings;
  const fh_str*
      excluded_keys; /* keys of devices that must not be touched nor listed: quarantined */
  uint32_t excluded_count;
  uint32_t reserved0;
} fh_config;

/* ---- The entry ---- */

/* Who the plugin is; must equal the manifest. */
typedef struct fh_descriptor {
  uint32_t struct_size;
  uint32_t reserved0;
  fh_str id_static;      /* `furiosa`: lower case letters, digits, '-'; the manifest's file name */
  fh_str vendor_static;  /* `furiosa`: the word in partition names and metric labels */
  fh_str version_static; /* the plugin's own version; shown, never a test of compatibility */
} fh_descriptor;

/* Plugin flags. */
#define FH_FLAG_USES_THREADS 1u       /* the plugin or its vendor library starts threads */
#define FH_FLAG_OPENS_DEVICE_NODES 2u /* it keeps vendor device nodes open while started */
#define FH_FLAG_NEEDS_ROOT 4u         /* it cannot do its work as an unprivileged user */

/* The type of the one exported object. The five functions are required for ever. */
typedef struct fh_plugin_entry {
  uint32_t struct_size;
  uint16_t abi_major; /* FH_ABI_MAJOR the plugin was built against */
  uint16_t abi_minor;
  uint64_t required_host_features; /* bits of fh_host.features it cannot do without */
  uint64_t flags;                  /* FH_FLAG_* */
  const fh_descriptor* descriptor_static;

  /* [control] Makes an instance. Reads settings; touches no hardware. */
  int32_t (*create)(const fh_host* host, const fh_config* config, void** self, fh_error* err);
  /* [any] An interface table by id (`farmhand.telemetry/1`), const and living as long as the
   * process, or NULL. Unknown ids give NULL. The answer for an id never changes. */
  const void* (*query)(void* self, fh_str interface_id);
  /* [control] From here on interface calls may come. Loads vendor libraries. */
  int32_t (*start)(void* self, fh_error* err);
  /* [control] Ends every thread and releases every device. Calls in progress have ended. */
  int32_t (*stop)(void* self, fh_error* err);
  /* [control] Frees the instance. */
  void (*destroy)(void* self);
} fh_plugin_entry;

/* The one exported symbol of a plugin. */
FH_EXPORT extern const fh_plugin_entry farmhand_plugin_v1;

/* ---- Small helpers, inline so that nothing needs linking ---- */

/* Zeroes a struct that begins with struct_size and sets its size: FH_INIT(&device). */
#define FH_INIT(p) (*(p) = (__typeof__(*(p))){0}, (p)->struct_size = (uint32_t)sizeof(*(p)))

#ifdef __cplusplus
}
#endif

#endif
