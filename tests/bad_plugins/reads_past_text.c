/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a setting's value for a text that ends with NUL. */
#define ON_CREATE                                                               \
  for (uint32_t i = 0; i < config->setting_count; ++i) {                        \
    if (strlen(config->settings[i].value.ptr) > 100000000) return FH_E_INVALID; \
  }
#include "plugin.h"
