/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libfuriosa_smi.so that replays a scenario, in the layout of the release that FAKE_RELEASE
 * names. Declared by ourselves after furiosa-ai/furiosa-smi-go, pkg/smi/furiosa_smi.h:
 *
 *   1  2024-08 (53cf3ae)   observer and device_utilization, other offsets
 *   2  2024-11 (c58738e)   no init; counters of 24 bytes; memory_utilization of 16
 *   3  2025-02 (2f4962f)   the same with init
 *   4  2025-03 (b7df426)   cores named, counters of 32 bytes; no memory_utilization; code 5 is busy
 *   5  2025-09 (2a237d6)   code 5 is lost; throttle reasons; shorter identity
 *   6  2025-12 (cc9b490)   memory_utilization again, another struct
 *
 * The scenario is the file that FAKE_FURIOSA_SMI names, or `<this library>.scenario`; without it two
 * healthy cards. A line is `<card or *> <word> [value]`, looked up at each call:
 *
 *   * cards 64            how many handles;  * count 200  what the list claims to hold
 *   0 code throttle 5     the call fails with this code
 *   0 hang throttle       the call does not return while the line is there
 *   0 temperature 41500   0 power nan   0 throttle 2   0 alive 0   0 cycles 5   0 busy 5
 *   0 endless             texts without a final NUL
 *   0 bdf 0000:10:00.0
 */
#define _GNU_SOURCE 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCENARIO_VARIABLE "FAKE_FURIOSA_SMI"
#include "scenario.h"

#define EXPORT __attribute__((visibility("default")))
#if FAKE_RELEASE >= 4
#define NAMES_CORES 1
#else
#define NAMES_CORES 0
#endif

static double number(int card, const char* word, double otherwise) {
  char value[160];
  return said(card, word, value, sizeof value) ? strtod(value, NULL) : otherwise;
}

/* What the call `word` returns; sleeps while it is told to hang. */
static int32_t code_of(int card, const char* word) {
  char value[160], name[96];
  while (said(card, "hang", value, sizeof value) && strcmp(value, word) == 0) usleep(2000);
  int code = 0;
  if (said(card, "code", value, sizeof value) && sscanf(value, "%95s %d", name, &code) == 2 &&
      strcmp(name, word) == 0) {
    return code;
  }
  return 0;
}

static void put(char* into, size_t size, int card, const char* text) {
  char ignored[8];
  snprintf(into, size, "%.*s", (int)size - 1, text);
  if (said(card, "endless", ignored, sizeof ignored)) memset(into, 'A', size);
}

EXPORT int32_t furiosa_smi_get_device_handles(uint32_t* out) {
  const int32_t code = code_of(ALL, "handles");
  if (code != 0) return code;
  const uint32_t cards = (uint32_t)number(ALL, "cards", 2);
  out[0] = (uint32_t)number(ALL, "count", cards);
  for (uint32_t i = 0; i < cards && i < 64; ++i) out[1 + i] = i;
  return 0;
}

EXPORT int32_t furiosa_smi_get_device_info(uint32_t card, char* out) {
  const int32_t code = code_of((int)card, "info");
  if (code != 0) return code;
  const size_t start = FAKE_RELEASE >= 2 ? 16 : 12; /* the index came in 2024-11 */
  uint32_t* numbers = (uint32_t*)(void*)out;
  if (FAKE_RELEASE >= 2) *numbers++ = card;
  numbers[0] = 1; /* RNGD */
  numbers[1] = 8;
  numbers[2] = card % 2;
  char text[160];
  snprintf(text, sizeof text, "npu%u", card);
  put(out + start, 96, (int)card, text);
  snprintf(text, sizeof text, "RNGD%06u", card);
  put(out + start + 96, 96, (int)card, text);
  snprintf(text, sizeof text, "82540B87-1055-48C6-AAB1-C4CC84672C%02X", card);
  put(out + start + 192, 96, (int)card, text);
  if (!said((int)card, "bdf", text, sizeof text)) snprintf(text, sizeof text, "0000:%02x:00.0", 0x10 + card);
  put(out + start + 288, 96, (int)card, text);
  const uint32_t version[3] = {2026, 3, 0};
  memcpy(out + start + 388, version, sizeof version);
  put(out + start + 400, 96, (int)card, "7e25130");
  return 0;
}

EXPORT int32_t furiosa_smi_get_device_liveness(uint32_t card, uint8_t* out) {
  const int32_t code = code_of((int)card, "liveness");
  if (code == 0) *out = (uint8_t)number((int)card, "alive", 1);
  return code;
}

#ifndef FAKE_WITHOUT_TEMPERATURE
EXPORT int32_t furiosa_smi_get_device_temperature(uint32_t card, double* out) {
  const int32_t code = code_of((int)card, "temperature");
  out[0] = number((int)card, "temperature", 41.5); /* also when it fails: only code 0 counts */
  out[1] = number((int)card, "ambient", 31);
  return code;
}
#endif

EXPORT int32_t furiosa_smi_get_device_power_consumption(uint32_t card, double* out) {
  const int32_t code = code_of((int)card, "power");
  out[0] = number((int)card, "power", 39);
  return code;
}

EXPORT int32_t furiosa_smi_get_driver_info(uint32_t* out) {
  out[0] = 2026;
  out[1] = 3;
  out[2] = 0;
  return 0;
}

EXPORT int32_t furiosa_smi_get_device_core_status(uint32_t card, uint32_t* out) {
  const int32_t code = code_of((int)card, "core_status");
  out[0] = (uint32_t)number((int)card, "cores", 8);
  for (uint32_t core = 0; core < 8; ++core) {
    if (NAMES_CORES) out[1 + 2 * core] = core;
    out[NAMES_CORES ? 2 + 2 * core : 1 + core] = core == 0;
  }
  return code;
}

#if FAKE_RELEASE == 1
EXPORT int32_t furiosa_smi_get_device_utilization(uint32_t card, void* out) {
  memset(out, 0x5a, 1048);
  return code_of((int)card, "utilization");
}
#else
EXPORT int32_t furiosa_smi_get_device_performance_counter(uint32_t card, uint64_t* out) {
  const int32_t code = code_of((int)card, "counters");
  const uint64_t words = NAMES_CORES ? 4 : 3;
  *(uint32_t*)(void*)out = (uint32_t)number((int)card, "cores", 8);
  for (uint64_t core = 0; core < 8; ++core) {
    uint64_t* entry = out + 1 + core * words;
    entry[0] = 1790000000;
    if (NAMES_CORES) *(uint32_t*)(void*)(entry + 1) = (uint32_t)core;
    entry[words - 2] = (uint64_t)number((int)card, "cycles", 1e9);
    entry[words - 1] = (uint64_t)number((int)card, "busy", 25e7);
  }
  return code;
}
#endif

#if FAKE_RELEASE >= 3
EXPORT int32_t furiosa_smi_init(void) { return code_of(ALL, "init"); }
#endif

#if FAKE_RELEASE >= 4
EXPORT int32_t furiosa_smi_get_core_frequency(uint32_t card, uint32_t* out) {
  const int32_t code = code_of((int)card, "core_frequency");
  out[0] = 8;
  for (uint32_t core = 0; core < 8; ++core) {
    out[1 + 2 * core] = core;
    out[2 + 2 * core] = 2000;
  }
  return code;
}

EXPORT int32_t furiosa_smi_get_memory_frequency(uint32_t card, uint32_t* out) {
  out[0] = (uint32_t)number((int)card, "memory_clock", 1500);
  return code_of((int)card, "memory_frequency");
}
#endif

#if FAKE_RELEASE >= 5
EXPORT int32_t furiosa_smi_disable_device(uint32_t card) { return code_of((int)card, "disable"); }

EXPORT int32_t furiosa_smi_get_disabled_devices(char* out) {
  char bdf[160];
  if (!said(ALL, "drained", bdf, sizeof bdf)) return 0;
  *(uint32_t*)(void*)out = 1;
  snprintf(out + 4, 96, "%.95s", bdf);
  return 0;
}

EXPORT int32_t furiosa_smi_get_throttle_reason(uint32_t card, uint32_t* out) {
  const int32_t code = code_of((int)card, "throttle");
  *out = (uint32_t)number((int)card, "throttle", 1);
  return code;
}
#endif

#if FAKE_RELEASE == 2 || FAKE_RELEASE == 3
EXPORT int32_t furiosa_smi_get_memory_utilization(uint32_t card, uint64_t* out) {
  out[0] = 51002736640u;
  out[1] = (uint64_t)number((int)card, "memory", 4096);
  return code_of((int)card, "memory");
}
#elif FAKE_RELEASE >= 6
/* One block of DRAM and one of shared DRAM, which together are the card's. */
EXPORT int32_t furiosa_smi_get_memory_utilization(uint32_t card, char* out) {
  for (int kind = 0; kind < 2; ++kind) {
    char* blocks = out + kind * 17928;
    *(uint32_t*)(void*)blocks = (uint32_t)number((int)card, "blocks", 1);
    *(uint32_t*)(void*)(blocks + 8) = 8;
    const uint64_t bytes[2] = {kind == 0 ? 51002736640u - 1073741824u : 1073741824u,
                               (uint64_t)number((int)card, "memory", 4096) / 2};
    memcpy(blocks + 8 + 264, bytes, sizeof bytes);
  }
  return code_of((int)card, "memory");
}
#endif
