/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a signal for itself. */
#include <signal.h>
#define ON_START signal(SIGTERM, SIG_IGN);
#include "plugin.h"
