/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake library's scenario: the file that the variable SCENARIO_VARIABLE names, or
 * `<library>.scenario` beside the library. A plugin host gets no variables of the agent's, so what
 * runs below a real agent is told by the file. A line is `<device or *> <word> [value]`, looked up
 * at each call. Include it with _GNU_SOURCE.
 */
#ifndef FARMHAND_TESTS_FAKES_SCENARIO_H_
#define FARMHAND_TESTS_FAKES_SCENARIO_H_

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL -1 /* no device in particular */

static FILE* open_scenario(void) {
  static const char anchor = 0; /* lies in this library */
  const char* named = getenv(SCENARIO_VARIABLE);
  if (named != NULL) return fopen(named, "r");
  Dl_info me;
  char beside[1024];
  if (dladdr(&anchor, &me) == 0) return NULL;
  const int length = snprintf(beside, sizeof beside, "%s.scenario", me.dli_fname);
  return length > 0 && (size_t)length < sizeof beside ? fopen(beside, "r") : NULL;
}

/* The value of the last line `device word …` into `value`; 0 if there is none. */
static int said(int device, const char* word, char* value, size_t size) {
  FILE* file = open_scenario();
  if (file == NULL) return 0;
  char line[256], who[32], what[64], rest[160];
  int found = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    rest[0] = '\0';
    if (sscanf(line, "%31s %63s %159[^\n]", who, what, rest) < 2) continue;
    const int mine = strcmp(who, "*") == 0 || (device != ALL && atoi(who) == device);
    if (!mine || strcmp(what, word) != 0) continue;
    found = 1;
    snprintf(value, size, "%s", rest);
  }
  fclose(file);
  return found;
}

#endif
