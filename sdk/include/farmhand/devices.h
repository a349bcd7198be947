/* SPDX-License-Identifier: Apache-2.0 */
/* farmhand.devices/1: which devices there are, and who they are. */
#ifndef FARMHAND_DEVICES_H
#define FARMHAND_DEVICES_H

#include "farmhand/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FH_DEVICES_ID "farmhand.devices/1"

/* Device kinds. */
#define FH_DEVICE_ACCELERATOR 1 /* schedulable: what jobs ask for */
#define FH_DEVICE_NODE 2        /* the server itself; carries node metrics, never scheduled */

/* How far the plugin can reach the device. */
#define FH_DEVICE_MANAGED 0   /* driver and interface answer */
#define FH_DEVICE_UNMANAGED 1 /* present on the bus, no driver or no interface: say why in `note` \
                               */
#define FH_DEVICE_NO_PERMISSION 2 /* there, but this process may not read it */

/* One device. Texts that are not known are {NULL, 0}, numbers 0 unless stated otherwise. */
typedef struct fh_device {
  uint32_t struct_size;
  uint32_t kind;       /* FH_RECORD_DEVICE */
  uint32_t handle;     /* chosen by the plugin, unique in the instance until `stop` */
  int32_t device_kind; /* FH_DEVICE_ACCELERATOR or FH_DEVICE_NODE */
  int32_t state;       /* FH_DEVICE_MANAGED, … */
  int32_t numa_node;   /* -1: not known or none */
  int32_t index;       /* the vendor's own number, for display only; -1: none */
  uint32_t reserved0;
  fh_str key;    /* required, unique in the plugin, stable over reboots: serial or UUID, else the
                    PCI address; never the kernel's index */
  fh_str vendor; /* `furiosa`; empty: the descriptor's */
  fh_str model;  /* `RNGD`: as the vendor writes it */
  fh_str serial;
  fh_str uuid;
  fh_str pci;            /* `0000:03:00.0`, lower case */
  fh_str firmware;       /* version text */
  fh_str driver;         /* version text */
  fh_str note;           /* one sentence for the operator, shown beside the state */
  uint64_t memory_bytes; /* device memory the driver shows; 0: not known */
} fh_device;

/* One peak figure of a device, emitted after it. */
typedef struct fh_peak {
  uint32_t struct_size;
  uint32_t kind;   /* FH_RECORD_PEAK */
  uint32_t handle; /* of the device */
  uint32_t reserved0;
  double tera_ops; /* 10^12 operations per second, dense; TFLOPS for floats, TOPS for integers */
  fh_str dtype;    /* `int4 int8 fp8 fp16 bf16 fp32 fp64` */
  fh_str source; /* where the figure comes from: a page or a data sheet, as a reader can find it */
} fh_peak;

/* The interface table; frozen. */
typedef struct fh_devices {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [worker], device = FH_NO_DEVICE, while other devices are being sampled. Emits every device
   * present and not excluded, each followed by its peaks. No devices is FH_OK with nothing emitted;
   * a missing vendor tool or driver is FH_E_UNSUPPORTED with a text that says what is missing. A
   * known device keeps its handle. */
  int32_t (*enumerate)(void* self, const fh_call* call);
} fh_devices;

#ifdef __cplusplus
}
#endif

#endif
