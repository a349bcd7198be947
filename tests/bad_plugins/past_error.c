/* SPDX-License-Identifier: Apache-2.0 */
/* Writes past the end of the error's text. */
#define ON_SAMPLE                                            \
  memset(call->err->text, 'x', sizeof call->err->text + 64); \
  call->err->text[255] = 0;
#include "plugin.h"
