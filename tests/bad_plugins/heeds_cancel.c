/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for ever for device a, but looks at its cancel token: slow hardware, and a plugin that
 * behaves. */
#define ON_SAMPLE                                        \
  if (call->device == 1 && fault_on()) {                 \
    while (!host->cancelled(host->ctx, call)) usleep(2000); \
    strcpy(call->err->text, "the card took too long");   \
    return FH_E_CANCELLED;                               \
  }
#include "plugin.h"
