/* SPDX-License-Identifier: Apache-2.0 */
/* Says the same with every reading, many times. */
#define ON_SAMPLE \
  for (int i = 0; i < 100; ++i) host->log(host->ctx, FH_LOG_INFO, STR("still hot"));
#include "plugin.h"
