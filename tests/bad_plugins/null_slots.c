/* SPDX-License-Identifier: Apache-2.0 */
/* No `stop`, and a struct_size that ends before `destroy`. */
#define ENTRY
#include "plugin.h"

static const fh_descriptor descriptor = {
    sizeof descriptor, 0, {"bad", 3, 0}, {"acme", 4, 0}, {"1.0", 3, 0}};

const fh_plugin_entry farmhand_plugin_v1 = {offsetof(fh_plugin_entry, destroy),
                                            FH_ABI_MAJOR,
                                            0,
                                            0,
                                            0,
                                            &descriptor,
                                            create,
                                            query,
                                            start,
                                            NULL,
                                            destroy};
