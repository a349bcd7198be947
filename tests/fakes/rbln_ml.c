/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A librbln-ml.so.1 that replays a scenario, in the release that FAKE_RELEASE names. Declared by
 * ourselves after RBLN-SW/rbln-container-toolkit@04f7e36, third_party/go-rbln-ml/include/uapi/rblnml.h:
 *
 *   1  an old one: no list of devices at the start, no groups, no contexts; temperature in m°C
 *   2  2026-05 (68b7042)
 *   3  one of our imagination, whose DeviceInfo is another
 *
 * The scenario is the file that FAKE_RBLN_ML names, or `<this library>.scenario`; without it two
 * healthy devices. A line is `<device or *> <word> [value]`, looked up at each call:
 *
 *   * devices 64             how many;  * count 4000000  what the library claims;  * first 8  the lowest number
 *   0 code temperature 5     the call fails with this code
 *   0 hang temperature       the call does not return while the line is there
 *   0 temperature 41000   0 power 52000000   0 pstate 10   0 util 140
 *   0 contexts 128   0 guilty 1   0 error 7   0 used 4096
 *   0 endless                texts without a final NUL
 *   0 bdf 0000:10:00.0   0 serial 7000   0 part RBLN-CA25
 */
#define _GNU_SOURCE 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCENARIO_VARIABLE "FAKE_RBLN_ML"
#include "scenario.h"

#define EXPORT __attribute__((visibility("default")))
#define FIRST_HANDLE 0x1000u

static uint32_t opened[64];
static uint32_t opened_count;

static double number(int device, const char* word, double otherwise) {
  char value[160];
  return said(device, word, value, sizeof value) ? strtod(value, NULL) : otherwise;
}

/* What the call `word` returns; sleeps while it is told to hang. */
static int32_t code_of(int device, const char* word) {
  char value[160], name[96];
  while (said(device, "hang", value, sizeof value) && strcmp(value, word) == 0) usleep(2000);
  int code = 0;
  if (said(device, "code", value, sizeof value) && sscanf(value, "%95s %d", name, &code) == 2 &&
      strcmp(name, word) == 0) {
    return code;
  }
  return 0;
}

static void put(char* into, size_t size, int device, const char* text) {
  char ignored[8];
  snprintf(into, size, "%.*s", (int)size - 1, text);
  if (said(device, "endless", ignored, sizeof ignored)) memset(into, 'A', size);
}

static int device_of(uint64_t handle) { return (int)opened[handle - FIRST_HANDLE]; }

EXPORT int32_t rblnmlInit(void) {
  const int32_t code = code_of(ALL, "init");
  opened_count = (uint32_t)number(ALL, "devices", 2);
  const uint32_t first = (uint32_t)number(ALL, "first", 0);
  for (uint32_t i = 0; i < opened_count && i < 64; ++i) opened[i] = first + i;
  return code;
}

#if FAKE_RELEASE >= 2
EXPORT int32_t rblnmlInitWithDevlist(const uint32_t* numbers, size_t count) {
  opened_count = (uint32_t)count;
  memcpy(opened, numbers, count * sizeof *numbers);
  return code_of(ALL, "init");
}

EXPORT int32_t rblnmlRsdGroupDestroyAll(void) { abort(); /* never from a monitor */ }
#endif

EXPORT int32_t rblnmlShutdown(void) { return 0; }

EXPORT int32_t rblnmlDeviceGetCount(uint32_t* out) {
  *out = (uint32_t)number(ALL, "count", opened_count);
  return code_of(ALL, "count");
}

EXPORT int32_t rblnmlDeviceGetHandleByIndex(uint32_t index, uint64_t* out) {
  *out = FIRST_HANDLE + index;
  return index < opened_count ? 0 : 2;
}

EXPORT int32_t rblnmlGetDeviceInfo(uint64_t handle, char* out) {
  const int device = device_of(handle);
  const int32_t code = code_of(device, "info");
  if (code != 0) return code;
  char text[160];
  const size_t shift = FAKE_RELEASE == 3 ? 26 : 0;
  snprintf(text, sizeof text, "5be1a2f0-0000-4000-8000-0000000000%02x", (unsigned)device);
  put(out, 38 + shift, device, text);
  if (!said(device, "bdf", text, sizeof text)) snprintf(text, sizeof text, "0000:%02x:00.0", 0x10u + (unsigned)device);
  put(out + 38 + shift, 32, device, text);
  const uint64_t serial = (uint64_t)number(device, "serial", 9000 + device);
  const uint32_t tail[4] = {0, (uint32_t)device, (uint32_t)number(device, "group", 0), (uint32_t)device % 2};
  memcpy(out + 72 + shift, &serial, sizeof serial);
  memcpy(out + 80 + shift, tail, sizeof tail);
  return 0;
}

EXPORT int32_t rblnmlGetDeviceHWIPInfo(uint64_t handle, char* out) {
  const uint64_t bytes = 16877879296u;
  memcpy(out + 16, &bytes, sizeof bytes);
  char part[160];
  if (!said(device_of(handle), "part", part, sizeof part)) snprintf(part, sizeof part, "RBLN-CA22");
  put(out + 168, 16, device_of(handle), part);
  return code_of(device_of(handle), "hardware");
}

EXPORT int32_t rblnmlGetKernelVersion(uint64_t handle, char* out, size_t size) {
  put(out, size, device_of(handle), "3.4.0-abc123");
  return 0;
}

EXPORT int32_t rblnmlGetFwVersion(uint64_t handle, char* out, size_t size) {
  put(out, size, device_of(handle), "3.2.2");
  return 0;
}

#ifndef FAKE_WITHOUT_TEMPERATURE
EXPORT int32_t rblnmlDeviceGetTemperature(uint64_t handle, uint32_t* out) {
  const int32_t code = code_of(device_of(handle), "temperature");
  *out = (uint32_t)number(device_of(handle), "temperature", FAKE_RELEASE == 1 ? 41000 : 41);
  return code; /* filled also when it fails: only code 0 counts */
}
#endif

EXPORT int32_t rblnmlDeviceGetPowerUsage(uint64_t handle, uint32_t* out) {
  const int32_t code = code_of(device_of(handle), "power");
  *out = (uint32_t)number(device_of(handle), "power", 52e6);
  return code;
}

EXPORT int32_t rblnmlDeviceGetPowerState(uint64_t handle, uint32_t* out) {
  const int32_t code = code_of(device_of(handle), "pstate");
  *out = (uint32_t)number(device_of(handle), "pstate", 4);
  return code;
}

EXPORT int32_t rblnmlDeviceGetUtilization(uint64_t handle, uint32_t* out) {
  const int32_t code = code_of(device_of(handle), "util");
  *out = (uint32_t)number(device_of(handle), "util", 12);
  return code;
}

#if FAKE_RELEASE >= 2
EXPORT int32_t rblnmlDeviceGetContextInfo(uint64_t handle, char* out, size_t count) {
  const int device = device_of(handle);
  const int32_t code = code_of(device, "contexts");
  const size_t contexts = (size_t)number(device, "contexts", 2);
  const uint64_t bytes = (uint64_t)number(device, "used", 4096) / 2;
  for (size_t i = 0; i < contexts && i < count; ++i) {
    char* context = out + 96 * i;
    const uint32_t name = (uint32_t)i + 1, error = (uint32_t)number(device, "error", 0);
    memcpy(context + 8, &name, sizeof name);
    memcpy(context + 24, &bytes, sizeof bytes);
    memcpy(context + 84, &error, sizeof error);
    context[89] = (char)number(device, "guilty", 0);
  }
  return code;
}
#endif
