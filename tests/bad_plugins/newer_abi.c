/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it was built against a minor that does not exist yet, and needs host features. */
#define ENTRY
#include "plugin.h"

static const fh_descriptor descriptor = {
    sizeof descriptor, 0, {"bad", 3, 0}, {"acme", 4, 0}, {"1.0", 3, 0}};

const fh_plugin_entry farmhand_plugin_v1 = {sizeof farmhand_plugin_v1,
                                            FH_ABI_MAJOR,
                                            77,
                                            1,
                                            64,
                                            &descriptor,
                                            create,
                                            query,
                                            start,
                                            stop,
                                            destroy};
