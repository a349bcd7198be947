/* SPDX-License-Identifier: Apache-2.0 */
/* Forks and goes on in the child. */
#include <sys/wait.h>
#include <unistd.h>
#define ON_SAMPLE             \
  const pid_t child = fork(); \
  if (child == 0) _exit(0);   \
  waitpid(child, NULL, 0);
#include "plugin.h"
