/* SPDX-License-Identifier: Apache-2.0 */
/* Says ten thousand lines, and emits devices without end. */
#define ON_START                                                       \
  for (int i = 0; i < 10000; ++i) host->log(host->ctx, FH_LOG_INFO, STR("flood"));
#define ON_METRICS                                                     \
  if (call->device == 1) {                                             \
    static char long_text[1000];                                       \
    memset(long_text, 'x', sizeof long_text);                          \
    for (uint32_t i = 0; i < 20000; ++i) {                             \
      fh_metric metric;                                                \
      FH_INIT(&metric);                                                \
      metric.kind = FH_RECORD_METRIC;                                  \
      metric.metric_kind = FH_METRIC_GAUGE;                            \
      metric.id = i;                                                   \
      metric.name = STR("temperature");                                \
      metric.help = (fh_str){long_text, sizeof long_text, 0};          \
      if (emit(call, &metric) == FH_E_AGAIN) break;                    \
    }                                                                  \
    return FH_OK;                                                      \
  }
#include "plugin.h"
