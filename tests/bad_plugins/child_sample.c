/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program that never ends for device a, and waits for it: as with a vendor's hung tool. */
#include <spawn.h>
#include <sys/wait.h>

#define ON_SAMPLE                                                     \
  if (call->device == 1 && fault_on()) {                              \
    char *words[] = {"sleep", "987654", NULL};                        \
    char *none[] = {NULL};                                            \
    pid_t child;                                                      \
    posix_spawn(&child, "/bin/sleep", NULL, NULL, words, none);       \
    waitpid(child, NULL, 0);                                          \
  }
#include "plugin.h"
