/* SPDX-License-Identifier: Apache-2.0 */
/* Runs out of stack for device a: the dying thread has nothing left to stand on. */
static int deeper(volatile char *above, int depth) {
  volatile char frame[4096];
  frame[0] = above[0];
  return depth == 0 ? 0 : deeper(frame, depth - 1) + frame[0];
}

#define ON_SAMPLE                    \
  if (call->device == 1 && fault_on()) { \
    volatile char top = 1;           \
    deeper(&top, 1 << 24);           \
  }
#include "plugin.h"
