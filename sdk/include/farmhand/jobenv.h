/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.jobenv/1: what a job needs to use its devices, and the regrouping some vendors need. */
#ifndef FARMHAND_JOBENV_H
#define FARMHAND_JOBENV_H

#include "farmhand/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_JOBENV_ID "farmhand.jobenv/1"

/* One device of a lease. An element of an array, so frozen for ever. */
typedef struct fh_leased {
  uint32_t device; /* handle */
  uint32_t reserved0;
  fh_str slice; /* key of an fh_slice (slice.h); empty: the whole device */
} fh_leased;

/* The devices given to one job, in the order in which the job shall see them. */
typedef struct fh_lease {
  uint32_t struct_size;
  uint32_t device_count;
  const fh_leased* devices;
  fh_str id;   /* unique for ever; the same in each repetition, also after a restart of the node */
  fh_str kept; /* what the plugin gave as fh_keep; empty: nothing, or `prepare` was cut off */
  uint32_t container; /* 1: the job runs in a container, 0: on the node itself */
  uint32_t reserved0;
} fh_lease;

/* Access to a device node. */
#define FH_ACCESS_READ 1u
#define FH_ACCESS_WRITE 2u

/* A device node the job may use; it sees no other of the vendor's. */
typedef struct fh_node {
  uint32_t struct_size;
  uint32_t kind;   /* FH_RECORD_NODE */
  uint32_t access; /* FH_ACCESS_* */
  uint32_t reserved0;
  fh_str path;   /* required, absolute, as it is on the node: `/dev/rngd/npu0pe0` */
  fh_str target; /* where the job sees it; empty: at `path` */
} fh_node;

/* An environment variable. Emitted before the operator's, which win. */
typedef struct fh_variable {
  uint32_t struct_size;
  uint32_t kind; /* FH_RECORD_VARIABLE */
  fh_str name;   /* required; letters, digits and '_' */
  fh_str value;
} fh_variable;

/* Mount flags. */
#define FH_MOUNT_WRITABLE 1u /* otherwise read-only */
#define FH_MOUNT_OPTIONAL 2u /* left out in silence when `source` does not exist */

/* A file or folder of the node that a job in a container needs, such as the driver's user-mode
 * library. A job on the node itself gets it only where `target` differs from `source`. */
typedef struct fh_mount {
  uint32_t struct_size;
  uint32_t kind;  /* FH_RECORD_MOUNT */
  uint32_t flags; /* FH_MOUNT_* */
  uint32_t reserved0;
  fh_str source; /* required, absolute */
  fh_str target; /* empty: as `source` */
} fh_mount;

/* What the plugin wants to be told again with each later call for this lease, e.g. the number of
 * the group it made. The agent stores it durably with the lease; the last one emitted counts. */
typedef struct fh_keep {
  uint32_t struct_size;
  uint32_t kind; /* FH_RECORD_KEEP */
  fh_str text;   /* at most 1024 bytes */
} fh_keep;

/* The interface table; frozen. Both calls are idempotent, for the agent repeats them after every
 * crash of its own, of the host or of the node. Both act on the hardware as it is found, not on
 * what the instance remembers: a repetition reaches a new instance in a new process. */
typedef struct fh_jobenv {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [long], device = FH_NO_DEVICE. Makes the lease's devices usable together (group, slice, mode)
   * and emits nodes, variables, mounts and at most one fh_keep. The agent guarantees that nobody
   * else holds these devices. A second call for the same lease changes nothing and emits the same.
   * May regroup only devices of this lease. If it fails, the devices are as before, or `release`
   * cleans up: the agent calls it after each failure and each cut-off. FH_E_INVALID: these devices
   * cannot be used together (say why and which can); FH_E_AGAIN: another program holds the vendor's
   * lock; FH_E_PERMISSION; FH_E_DEVICE_LOST; FH_E_TIMEOUT; FH_E_CANCELLED. */
  int32_t (*prepare)(void* self, const fh_call* call, const fh_lease* lease);

  /* [long], device = FH_NO_DEVICE. Takes back what `prepare` did; the job's processes have ended.
   * FH_OK for a lease that was never prepared or is released already, also when some of its devices
   * are gone. Emits nothing. Other statuses: the agent tries again, and no job gets the devices
   * until then. */
  int32_t (*release)(void* self, const fh_call* call, const fh_lease* lease);
} fh_jobenv;

#ifdef __cplusplus
}
#endif

#endif
