/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a fake library's scenario lies: in the file that a variable names, or beside the library as
 * `<library>.scenario`. A plugin host gets no variables of the agent's, so what runs below a real
 * agent is told by the file. Include it with _GNU_SOURCE.
 */
#ifndef FARMHAND_TESTS_FAKES_SCENARIO_H_
#define FARMHAND_TESTS_FAKES_SCENARIO_H_

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static FILE* open_scenario(const char* variable) {
  static const char anchor = 0; /* lies in this library */
  const char* named = getenv(variable);
  if (named != NULL) return fopen(named, "r");
  Dl_info me;
  char beside[1024];
  if (dladdr(&anchor, &me) == 0) return NULL;
  const int length = snprintf(beside, sizeof beside, "%s.scenario", me.dli_fname);
  return length > 0 && (size_t)length < sizeof beside ? fopen(beside, "r") : NULL;
}

#endif
