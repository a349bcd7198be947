/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libnvidia-ml.so.1 that replays a scenario, with the symbols of the generation that
 * FAKE_GENERATION names. Declared by ourselves after NVIDIA/go-nvml@2f9e261, gen/nvml/nvml.h:
 *
 *   1  the R450 drivers: old suffixes only; MIG and remapped rows, no v2 memory, no TemperatureV
 *   2  R535: v3 processes, v2 memory, throttle reasons still under their old name
 *   3  R580: all that the plugin asks for
 *
 * The scenario is the file that FAKE_NVML names, or `<this library>.scenario`; without it two
 * healthy cards. A line is `<card or *> <word> [value]`, looked up at each call:
 *
 *   * cards 8               how many;  * count 999  what the list claims
 *   1 code power 15         the call fails with this code
 *   1 hang power            the call does not return while the line is there
 *   1 temperature 95        and any other number by the word that its function uses
 *   1 link0 0               state of an NVLink;  1 endless  texts without a final NUL
 *   1 mig 1                 divided into two instances when the library is opened
 *   1 event 79              an XID waits to be fetched, once for each change of the file
 */
#define _GNU_SOURCE 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCENARIO_VARIABLE "FAKE_NVML"
#include "scenario.h"

#define EXPORT __attribute__((visibility("default")))
#define CARDS_MAX 64
#define LINKS 4

typedef struct thing {
  int card;     /* of it, or its parent */
  int instance; /* -1: the card itself */
  int profile;  /* of an instance; 0: there is none */
  int parts;    /* compute instances in it */
} thing;

static thing cards[CARDS_MAX];
static thing instances[CARDS_MAX][7];
static uint32_t divided[CARDS_MAX];

/* 1g.10gb is profile 19, 3g.40gb is 9; of the card's eight memory slices they take one and four. */
static int size_of(int profile) { return profile == 19 ? 1 : profile == 9 ? 4 : 0; }

static uint64_t number(int card, const char* word, uint64_t otherwise) {
  char value[160];
  return said(card, word, value, sizeof value) ? strtoull(value, NULL, 0) : otherwise;
}

/* Whether a line `card word name …` is there, and its number. */
static int told(int card, const char* word, const char* name, int* value) {
  FILE* file = open_scenario();
  if (file == NULL) return 0;
  char line[256], who[32], what[64], which[64];
  int found = 0, code = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    code = 0;
    if (sscanf(line, "%31s %63s %63s %d", who, what, which, &code) < 3) continue;
    const int mine = strcmp(who, "*") == 0 || (card != ALL && atoi(who) == card);
    if (!mine || strcmp(what, word) != 0) continue;
    if (strcmp(which, name) != 0 && strcmp(which, "all") != 0) continue;
    found = 1;
    *value = code;
  }
  fclose(file);
  return found;
}

/* What the call `word` returns; sleeps while it is told to hang. */
static int32_t code_of(int card, const char* word) {
  int code = 0;
  while (told(card, "hang", word, &code)) usleep(2000);
  return told(card, "code", word, &code) ? code : 0;
}

static int32_t put(char* into, uint32_t size, int card, const char* text) {
  char ignored[8];
  if (strlen(text) + 1 > size) return 7;
  snprintf(into, size, "%.*s", (int)size - 1, text);
  if (said(card, "endless", ignored, sizeof ignored)) memset(into, 'A', size);
  return 0;
}

static const thing* part(const void* device) { return device; }
static int card_of(const void* device) { return part(device)->card; }

/* A function with one number: `symbol(device, out)`. */
#define GIVES(symbol, type, word, otherwise)                         \
  EXPORT int32_t symbol(void* device, type* out) {                   \
    *out = (type)number(card_of(device), word, otherwise); /* also when it fails */ \
    return code_of(card_of(device), word);                           \
  }
/* The same with a choice before it: `symbol(device, choice, out)`. */
#define CHOOSES(symbol, type, word, otherwise)                         \
  EXPORT int32_t symbol(void* device, uint32_t choice, type* out) {    \
    char name[64];                                                     \
    snprintf(name, sizeof name, "%s%u", word, choice);                 \
    *out = (type)number(card_of(device), name, otherwise);             \
    return code_of(card_of(device), name);                             \
  }

EXPORT int32_t nvmlInit_v2(void) {
  for (int card = 0; card < CARDS_MAX; ++card) {
    cards[card] = (thing){card, -1, 0, 0};
    divided[card] = (uint32_t)number(card, "mig", 0);
    for (int at = 0; at < 7; ++at) {
      const int there = divided[card] == 1 && at < 2;
      instances[card][at] = (thing){card, at, there ? 9 : 0, there};
    }
  }
  return code_of(ALL, "init");
}
EXPORT int32_t nvmlShutdown(void) { return 0; }

EXPORT int32_t nvmlSystemGetDriverVersion(char* out, uint32_t size) {
  return put(out, size, ALL, "580.65.06");
}

EXPORT int32_t nvmlDeviceGetCount_v2(uint32_t* out) {
  *out = (uint32_t)number(ALL, "count", number(ALL, "cards", 2));
  return code_of(ALL, "count");
}

EXPORT int32_t nvmlDeviceGetHandleByIndex_v2(uint32_t index, void** out) {
  if (index >= number(ALL, "cards", 2) || index >= CARDS_MAX) return 2;
  *out = &cards[index];
  return code_of((int)index, "handle");
}

#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** out) {
  unsigned domain, bus, slot, function;
  if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4) return 2;
  const uint32_t index = bus - 0x10;
  if (index >= number(ALL, "cards", 2) || index >= CARDS_MAX) return 6;
  return nvmlDeviceGetHandleByIndex_v2(index, out);
}
#endif

#ifndef FAKE_WITHOUT_UUID
EXPORT int32_t nvmlDeviceGetUUID(void* device, char* out, uint32_t size) {
  char text[96], said_it[96];
  const thing* it = part(device);
  snprintf(text, sizeof text, "GPU-4c1f0000-87a5-4c9b-9c2e-0000000000%02x", it->card);
  if (it->instance >= 0) {
    snprintf(text, sizeof text, "MIG-4c1f0000-87a5-4c9b-9c2e-00000000%02x%02x", it->card,
             it->instance + 1);
  } else if (said(it->card, "uuid", said_it, sizeof said_it)) {
    snprintf(text, sizeof text, "%s", said_it);
  }
  const int32_t code = code_of(it->card, "uuid");
  return code != 0 ? code : put(out, size, it->card, text);
}
#endif

EXPORT int32_t nvmlDeviceGetName(void* device, char* out, uint32_t size) {
  char model[80], text[96];
  const thing* it = part(device);
  if (!said(it->card, "model", model, sizeof model)) snprintf(model, sizeof model, "NVIDIA H100 80GB HBM3");
  snprintf(text, sizeof text, "%.70s%s", model, it->instance < 0 ? "" : " MIG 3g.40gb");
  const int32_t code = code_of(it->card, "name");
  return code != 0 ? code : put(out, size, it->card, text);
}

EXPORT int32_t nvmlDeviceGetSerial(void* device, char* out, uint32_t size) {
  char text[32];
  snprintf(text, sizeof text, "16512230000%02d", card_of(device));
  const int32_t code = code_of(card_of(device), "serial");
  return code != 0 ? code : put(out, size, card_of(device), text);
}

EXPORT int32_t nvmlDeviceGetVbiosVersion(void* device, char* out, uint32_t size) {
  return put(out, size, card_of(device), "96.00.74.00.01");
}

static int32_t pci_info(void* device, char* out) {
  memset(out, 0, 68);
  char text[32];
  snprintf(text, sizeof text, "00000000:%02X:00.0", 0x10 + card_of(device));
  memcpy(out + 36, text, 17);
  return code_of(card_of(device), "pci");
}
EXPORT int32_t nvmlDeviceGetPciInfo_v2(void* device, char* out) { return pci_info(device, out); }
#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlDeviceGetPciInfo_v3(void* device, char* out) { return pci_info(device, out); }
#endif

EXPORT int32_t nvmlDeviceGetMinorNumber(void* device, uint32_t* out) {
  *out = (uint32_t)number(card_of(device), "minor", (uint64_t)card_of(device));
  return code_of(card_of(device), "minor");
}
EXPORT int32_t nvmlDeviceGetIndex(void* device, uint32_t* out) {
  *out = (uint32_t)card_of(device);
  return 0;
}

#define TOTAL (81559ull << 20)

EXPORT int32_t nvmlDeviceGetMemoryInfo(void* device, uint64_t* out) {
  out[0] = number(card_of(device), "total", TOTAL);
  out[2] = number(card_of(device), "used", 4096);
  out[1] = out[0] - out[2];
  return code_of(card_of(device), "memory");
}
#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlDeviceGetMemoryInfo_v2(void* device, uint64_t* out) {
  if (*(uint32_t*)(void*)out != 0x2000028) return 25;
  out[1] = number(card_of(device), "total", TOTAL);
  out[2] = 512 << 20;
  out[4] = number(card_of(device), "used", 4096);
  out[3] = out[1] - out[4];
  return code_of(card_of(device), "memory");
}
#endif

EXPORT int32_t nvmlDeviceGetUtilizationRates(void* device, uint32_t* out) {
  out[0] = (uint32_t)number(card_of(device), "busy", 75);
  out[1] = (uint32_t)number(card_of(device), "memory_busy", 25);
  return code_of(card_of(device), "rates");
}

#ifndef FAKE_WITHOUT_TEMPERATURE
EXPORT int32_t nvmlDeviceGetTemperature(void* device, uint32_t sensor, uint32_t* out) {
  *out = (uint32_t)number(card_of(device), "temperature", 41);
  return sensor == 0 ? code_of(card_of(device), "temperature") : 2;
}
#if FAKE_GENERATION >= 3
EXPORT int32_t nvmlDeviceGetTemperatureV(void* device, uint32_t* out) {
  if (out[0] != 0x100000c) return 25;
  out[2] = (uint32_t)number(card_of(device), "temperature", 41);
  return code_of(card_of(device), "temperature");
}
#endif
#endif

EXPORT int32_t nvmlDeviceGetTemperatureThreshold(void* device, uint32_t kind, uint32_t* out) {
  *out = kind == 0 ? 95 : 90;
  return code_of(card_of(device), "threshold");
}

GIVES(nvmlDeviceGetPowerUsage, uint32_t, "power", 120500)
GIVES(nvmlDeviceGetEnforcedPowerLimit, uint32_t, "limit", 700000)
GIVES(nvmlDeviceGetTotalEnergyConsumption, uint64_t, "energy", 5000250)
GIVES(nvmlDeviceGetPerformanceState, uint32_t, "pstate", 0)
GIVES(nvmlDeviceGetCurrentClocksThrottleReasons, uint64_t, "reasons", 0)
GIVES(nvmlDeviceGetCurrPcieLinkGeneration, uint32_t, "generation", 5)
GIVES(nvmlDeviceGetCurrPcieLinkWidth, uint32_t, "width", 16)
GIVES(nvmlDeviceGetMaxPcieLinkGeneration, uint32_t, "generation_max", 5)
GIVES(nvmlDeviceGetMaxPcieLinkWidth, uint32_t, "width_max", 16)
GIVES(nvmlDeviceGetPcieReplayCounter, uint32_t, "replays", 3)
GIVES(nvmlDeviceGetRetiredPagesPendingStatus, uint32_t, "retired_pending", 0)
CHOOSES(nvmlDeviceGetClockInfo, uint32_t, "clock", 1980)
#if FAKE_GENERATION >= 3
GIVES(nvmlDeviceGetCurrentClocksEventReasons, uint64_t, "reasons", 0)
#endif

EXPORT int32_t nvmlDeviceGetTotalEccErrors(void* device, uint32_t error, uint32_t counter,
                                           uint64_t* out) {
  static const char* const kWords[2][2] = {{"corrected_now", "corrected"},
                                           {"uncorrected_now", "uncorrected"}};
  const char* word = kWords[error & 1][counter & 1];
  *out = number(card_of(device), word, error == 0 ? 7 : 0);
  return code_of(card_of(device), word);
}

EXPORT int32_t nvmlDeviceGetRemappedRows(void* device, uint32_t* corrected, uint32_t* uncorrected,
                                         uint32_t* pending, uint32_t* failed) {
  const int card = card_of(device);
  *corrected = (uint32_t)number(card, "rows_corrected", 1);
  *uncorrected = (uint32_t)number(card, "rows_uncorrected", 2);
  *pending = (uint32_t)number(card, "rows_pending", 0);
  *failed = (uint32_t)number(card, "rows_failed", 0);
  return code_of(card, "rows");
}

EXPORT int32_t nvmlDeviceGetRetiredPages(void* device, uint32_t cause, uint32_t* count,
                                         uint64_t* pages) {
  const int32_t code = code_of(card_of(device), "pages");
  *count = (uint32_t)number(card_of(device), cause == 0 ? "pages_single" : "pages_double", 1);
  return code != 0 ? code : pages == NULL && *count > 0 ? 7 : 0;
}

static int32_t processes(void* device, uint32_t* count, char* out) {
  const int card = card_of(device);
  const uint32_t there = (uint32_t)number(card, "processes", 1);
  const int32_t code = code_of(card, "processes");
  if (code != 0) return code;
  const uint32_t room = *count;
  *count = (uint32_t)number(card, "process_count", there);
  if (room < there) return 7;
  for (uint32_t at = 0; at < there; ++at) {
    memset(out + 24 * at, 0xff, 24);
    *(uint32_t*)(void*)(out + 24 * at) = 1000 + at;
  }
  return 0;
}
#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlDeviceGetComputeRunningProcesses_v3(void* device, uint32_t* count, char* out) {
  return processes(device, count, out);
}
#else
EXPORT int32_t nvmlDeviceGetComputeRunningProcesses_v2(void* device, uint32_t* count, char* out) {
  return processes(device, count, out);
}
#endif

EXPORT int32_t nvmlDeviceGetNvLinkState(void* device, uint32_t link, uint32_t* out) {
  char word[32];
  if (link >= LINKS) return 2;
  snprintf(word, sizeof word, "link%u", link);
  *out = (uint32_t)number(card_of(device), word, 1);
  return code_of(card_of(device), word);
}

EXPORT int32_t nvmlDeviceGetNvLinkErrorCounter(void* device, uint32_t link, uint32_t kind,
                                               uint64_t* out) {
  *out = link == 0 && kind == 0 ? number(card_of(device), "link_errors", 2) : 0;
  return kind == 3 ? 3 : code_of(card_of(device), "link_errors");
}

#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlDeviceGetFieldValues(void* device, int32_t count, char* out) {
  const int card = card_of(device);
  for (int32_t at = 0; at < count; ++at, out += 40) {
    const uint32_t field = *(uint32_t*)(void*)out;
    const char* word = field == 82 ? "memory_temperature" : "recovery";
    *(uint32_t*)(void*)(out + 24) = (uint32_t)number(card, "type", 1);
    *(int32_t*)(void*)(out + 28) = field == 82 || field == 230 ? code_of(card, word) : 2;
    *(uint64_t*)(void*)(out + 32) = number(card, word, field == 82 ? 52 : 0);
  }
  return code_of(card, "fields");
}
#endif

EXPORT int32_t nvmlDeviceGetMigMode(void* device, uint32_t* now, uint32_t* later) {
  *now = *later = (uint32_t)number(card_of(device), "mig_says", divided[card_of(device)]);
  return code_of(card_of(device), "mig");
}
EXPORT int32_t nvmlDeviceGetMaxMigDeviceCount(void* device, uint32_t* out) {
  *out = (uint32_t)number(card_of(device), "mig_max", 7);
  return 0;
}
EXPORT int32_t nvmlDeviceGetMigDeviceHandleByIndex(void* device, uint32_t index, void** out) {
  if (index >= 7 || instances[card_of(device)][index].parts == 0) return 6;
  *out = &instances[card_of(device)][index];
  return code_of(card_of(device), "mig_device");
}
EXPORT int32_t nvmlDeviceGetGpuInstanceId(void* device, uint32_t* out) {
  *out = (uint32_t)part(device)->instance + 1;
  return 0;
}
EXPORT int32_t nvmlDeviceGetComputeInstanceId(void* device, uint32_t* out) {
  (void)device;
  *out = 0;
  return 0;
}
EXPORT int32_t nvmlDeviceGetAttributes_v2(void* device, uint32_t* out) {
  memset(out, 0, 40);
  out[6] = out[7] = 3;
  *(uint64_t*)(void*)(out + 8) = number(card_of(device), "slice_memory", 40448);
  return 0;
}
EXPORT int32_t nvmlDeviceGetGpuInstanceById(void* device, uint32_t id, void** out) {
  if (id < 1 || id > 7 || instances[card_of(device)][id - 1].profile == 0) return 6;
  *out = &instances[card_of(device)][id - 1];
  return 0;
}
EXPORT int32_t nvmlGpuInstanceGetInfo(void* instance, uint32_t* out) {
  const thing* it = part(instance);
  *(void**)(void*)out = &cards[it->card];
  out[2] = (uint32_t)it->instance + 1;
  out[3] = (uint32_t)it->profile;
  out[4] = (uint32_t)it->instance * 4;
  out[5] = 4;
  return 0;
}
#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlDeviceGetGpuInstanceProfileInfoV(void* device, uint32_t profile, char* out) {
  (void)device;
  if (*(uint32_t*)(void*)out != (152 | 2 << 24)) return 25;
  if (profile != 0 && profile != 2) return 3;
  uint32_t* numbers = (uint32_t*)(void*)out;
  numbers[1] = profile == 0 ? 19 : 9;
  numbers[3] = profile == 0 ? 1 : 3;
  numbers[4] = profile == 0 ? 7 : 2;
  *(uint64_t*)(void*)(out + 48) = profile == 0 ? 9856 : 40448;
  snprintf(out + 56, 96, "%s", profile == 0 ? "MIG 1g.10gb" : "MIG 3g.40gb");
  return 0;
}
#endif

EXPORT int32_t nvmlDeviceSetMigMode(void* device, uint32_t mode, int32_t* activation) {
  const int card = card_of(device);
  const int32_t code = code_of(card, "set_mig");
  if (code != 0) return code;
  *activation = (int32_t)number(card, "activation", 0);
  if (*activation == 0) divided[card] = mode;
  return 0;
}
EXPORT int32_t nvmlDeviceGetGpuInstances(void* device, uint32_t profile, void** out,
                                         uint32_t* count) {
  const int card = card_of(device);
  *count = 0;
  for (int at = 0; at < 7; ++at) {
    if ((uint32_t)instances[card][at].profile == profile) out[(*count)++] = &instances[card][at];
  }
  *count = (uint32_t)number(card, "instances", *count);
  return code_of(card, "instances");
}
EXPORT int32_t nvmlDeviceCreateGpuInstance(void* device, uint32_t profile, void** out) {
  const int card = card_of(device);
  int used = 0, place = -1;
  for (int at = 0; at < 7; ++at) {
    used += size_of(instances[card][at].profile);
    if (place < 0 && instances[card][at].profile == 0) place = at;
  }
  if (divided[card] != 1) return 3;
  if (place < 0 || used + size_of((int)profile) > 8) return 23;
  const int32_t code = code_of(card, "create");
  if (code != 0) return code;
  instances[card][place].profile = (int)profile;
  *out = &instances[card][place];
  return 0;
}
EXPORT int32_t nvmlGpuInstanceDestroy(void* instance) {
  thing* it = instance;
  if (it->parts > 0) return 19;
  it->profile = 0;
  return 0;
}
/* Each instance has one compute profile, which takes all of it. */
EXPORT int32_t nvmlGpuInstanceGetComputeInstanceProfileInfo(void* instance, uint32_t profile,
                                                            uint32_t engines, uint32_t* out) {
  memset(out, 0, 36);
  out[1] = part(instance)->profile == 19 ? 1 : 3;
  return profile == 0 && engines == 0 ? 0 : 3;
}
EXPORT int32_t nvmlGpuInstanceGetComputeInstances(void* instance, uint32_t profile, void** out,
                                                  uint32_t* count) {
  *count = profile == 0 ? (uint32_t)part(instance)->parts : 0;
  if (*count > 0) out[0] = instance;
  return 0;
}
EXPORT int32_t nvmlGpuInstanceCreateComputeInstance(void* instance, uint32_t profile, void** out) {
  thing* it = instance;
  const int32_t code = code_of(it->card, "create_compute");
  if (code != 0) return code;
  it->parts = profile == 0;
  *out = it;
  return 0;
}
EXPORT int32_t nvmlComputeInstanceDestroy(void* compute) {
  thing* it = compute;
  const int32_t code = code_of(it->card, "destroy");
  if (code == 0) it->parts = 0;
  return code;
}

/* One set, without a thread: what waits is in the file. */
static char fetched[160];

EXPORT int32_t nvmlEventSetCreate(void** out) {
  *out = fetched;
  fetched[0] = '\0';
  return code_of(ALL, "event_set");
}
EXPORT int32_t nvmlEventSetFree(void* set) {
  (void)set;
  return 0;
}
EXPORT int32_t nvmlDeviceGetSupportedEventTypes(void* device, uint64_t* out) {
  *out = number(card_of(device), "event_types", 0x60fe);
  return code_of(card_of(device), "event_types");
}
EXPORT int32_t nvmlDeviceRegisterEvents(void* device, uint64_t types, void* set) {
  (void)set;
  const uint64_t offered = number(card_of(device), "event_types", 0x60fe);
  return (types & ~offered) != 0 ? 3 : code_of(card_of(device), "register");
}

static int32_t wait_for(uint32_t milliseconds, char* out) {
  int32_t code = code_of(ALL, "wait");
  if (code != 0) return code;
  for (int card = 0; card < 2; ++card) {
    char value[160], mark[160];
    if (!said(card, "event", value, sizeof value)) continue;
    snprintf(mark, sizeof mark, "%d %.140s", card, value);
    if (strcmp(mark, fetched) == 0) continue;
    memcpy(fetched, mark, sizeof mark);
    memset(out, 0xff, 32);
    *(void**)(void*)out = number(card, "event_of_nobody", 0) ? NULL : &cards[card];
    *(uint64_t*)(void*)(out + 8) = number(card, "event_type", 8);
    *(uint64_t*)(void*)(out + 16) = strtoull(value, NULL, 0);
    return 0;
  }
  usleep(milliseconds * 1000);
  return 10;
}
#if FAKE_GENERATION >= 2
EXPORT int32_t nvmlEventSetWait_v2(void* set, char* out, uint32_t milliseconds) {
  (void)set;
  return wait_for(milliseconds, out);
}
#else
EXPORT int32_t nvmlEventSetWait(void* set, char* out, uint32_t milliseconds) {
  (void)set;
  return wait_for(milliseconds, out);
}
#endif
