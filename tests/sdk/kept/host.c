/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest host: loads one plugin and makes every call that only reads, as the released headers
 * it was built with say. Kept as a binary for each released minor (see keep), it shows that plugins
 * built later still run where only that minor is known. What it lends lies at the end of a page with
 * nothing behind it: a plugin that takes an old host for its own kind faults.
 *
 *     host [--bare] PLUGIN.so [KEY=VALUE]…      --bare: with no host service at all
 *
 * Exit status 0: all calls were made; 3: the plugin refused, with a sentence; 1: it broke a rule.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <farmhand/devices.h>
#include <farmhand/diag.h>
#include <farmhand/events.h>
#include <farmhand/health.h>
#include <farmhand/jobenv.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>
#include <farmhand/telemetry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEVICES_MAX 64
#define METRICS_MAX 256

static struct {
  uint32_t handles[DEVICES_MAX], ids[METRICS_MAX];
  uint32_t devices, metrics, samples, others;
} seen;

static const fh_plugin_entry *entry;
static void *self;
static fh_error *err;

static void fail(const char *what) {
  printf("broken: %s\n", what);
  exit(1);
}

/* A copy at the very end of readable memory. */
static void *lend(const void *from, size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED || mprotect(at + page, page, PROT_NONE) != 0) fail("no memory");
  return memcpy(at + page - size, from, size);
}

static fh_str str(const char *text) {
  const fh_str whole = {text, (uint32_t)strlen(text), 0};
  return whole;
}

static void say(const char *what, fh_str text) {
  printf("%s %.*s\n", what, (int)text.len, text.ptr);
}

/* ---- Host services ---- */

static void on_log(void *ctx, int32_t level, fh_str message) {
  (void)ctx, (void)level;
  say("log", message);
}

/* Records may be longer than ours, of a later minor, or shorter: what is missing is zero. */
static void copy(void *to, size_t size, const fh_record *record) {
  memset(to, 0, size);
  memcpy(to, record, record->struct_size < size ? record->struct_size : size);
}

static void take_device(const fh_record *record) {
  fh_device device;
  copy(&device, sizeof device, record);
  say("device", device.key);
  if (seen.devices < DEVICES_MAX) seen.handles[seen.devices++] = device.handle;
}

static void take_metric(const fh_record *record) {
  fh_metric metric;
  copy(&metric, sizeof metric, record);
  say("metric", metric.name);
  if (seen.metrics < METRICS_MAX) seen.ids[seen.metrics++] = metric.id;
}

static int32_t on_emit(void *ctx, void *sink, const fh_record *record) {
  (void)ctx;
  if (sink != &seen) fail("a sink that is not the call's");
  if (record == NULL || record->struct_size < sizeof *record) fail("a record without a beginning");
  if (record->kind == 0 || record->kind > FH_RECORD_SLICE_PROFILE) return FH_E_INVALID;
  if (record->kind == FH_RECORD_DEVICE) take_device(record);
  if (record->kind == FH_RECORD_METRIC) take_metric(record);
  seen.samples += record->kind == FH_RECORD_SAMPLE;
  seen.others += record->kind > FH_RECORD_SAMPLE || record->kind == FH_RECORD_PEAK;
  return FH_OK;
}

static int32_t on_cancelled(void *ctx, const fh_call *call) {
  (void)ctx, (void)call;
  return 0;
}

static const void *on_query(void *ctx, fh_str id) {
  (void)ctx, (void)id;
  return NULL;
}

/* ---- Calls ---- */

static void check(const char *what, int32_t status) {
  if (status < FH_OK || status > FH_E_INTERNAL) fail("a status that is not in abi.h");
  printf("%s %d%s%s\n", what, status, status == FH_OK ? "" : " ", status == FH_OK ? "" : err->text);
  if (status != FH_OK && err->text[0] == 0 && status != FH_E_TIMEOUT) fail("no sentence");
  err->text[0] = 0;
}

/* Create and start: a plugin may refuse. */
static void check_birth(const char *what, int32_t status) {
  check(what, status);
  if (status != FH_OK) exit(3);
}

static const fh_call *call_for(uint32_t device, uint64_t ms) {
  struct timespec now;
  fh_call call;
  FH_INIT(&call);
  clock_gettime(CLOCK_BOOTTIME, &now);
  call.device = device;
  call.deadline_boottime_ns =
      (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + ms * 1000000u;
  call.call_id = 1;
  call.sink = &seen;
  call.err = err;
  return lend(&call, sizeof call);
}

static const void *find(const char *id, uint32_t size) {
  const void *const table = entry->query(self, str(id));
  if (table == NULL) return NULL;
  if (*(const uint32_t *)table < size) fail("a table shorter than it was released");
  say("interface", str(id));
  return table;
}

static void read_devices(void) {
  const fh_devices *const devices = find(FH_DEVICES_ID, sizeof *devices);
  const fh_telemetry *const telemetry = find(FH_TELEMETRY_ID, sizeof *telemetry);
  if (devices == NULL) fail("no " FH_DEVICES_ID);
  check("enumerate", devices->enumerate(self, call_for(FH_NO_DEVICE, 5000)));
  for (uint32_t i = 0; telemetry != NULL && i < seen.devices; ++i) {
    seen.metrics = 0;
    check("metrics", telemetry->metrics(self, call_for(seen.handles[i], 5000)));
    const uint32_t *const ids = lend(seen.ids, seen.metrics * sizeof *seen.ids);
    check("sample", telemetry->sample(self, call_for(seen.handles[i], 5000), ids, seen.metrics));
  }
}

static void read_abilities(uint32_t device) {
  const fh_health *const health = find(FH_HEALTH_ID, sizeof *health);
  const fh_diag *const diag = find(FH_DIAG_ID, sizeof *diag);
  const fh_reset *const reset = find(FH_RESET_ID, sizeof *reset);
  const fh_slices *const slices = find(FH_SLICE_ID, sizeof *slices);
  if (health != NULL) check("check", health->check(self, call_for(device, 5000)));
  if (diag != NULL) check("tests", diag->tests(self, call_for(device, 5000)));
  if (reset != NULL) check("kinds", reset->kinds(self, call_for(device, 5000)));
  if (slices != NULL) check("slices", slices->slices(self, call_for(device, 5000)));
  if (slices != NULL) check("profiles", slices->profiles(self, call_for(device, 5000)));
}

static void read_others(void) {
  const fh_events *const events = find(FH_EVENTS_ID, sizeof *events);
  const fh_jobenv *const jobenv = find(FH_JOBENV_ID, sizeof *jobenv);
  fh_lease lease;
  FH_INIT(&lease);
  lease.id = str("never-prepared");
  if (events != NULL) check("wait", events->wait(self, call_for(FH_NO_DEVICE, 100)));
  if (jobenv == NULL) return;
  check("release", jobenv->release(self, call_for(FH_NO_DEVICE, 5000), lend(&lease, sizeof lease)));
}

static void create(int bare, int count, char **words) {
  fh_host host;
  fh_config config;
  fh_setting settings[32];
  FH_INIT(&host);
  FH_INIT(&config);
  host.abi_major = FH_ABI_MAJOR;
  host.abi_minor = FH_ABI_MINOR;
  host.log = bare ? NULL : on_log;
  host.emit = bare ? NULL : on_emit;
  host.cancelled = bare ? NULL : on_cancelled;
  host.query = bare ? NULL : on_query;
  for (int i = 0; i < count && i < 32; ++i) {
    char *const equals = strchr(words[i], '=');
    if (equals == NULL) fail("a setting is KEY=VALUE");
    *equals = 0;
    settings[i].key = str(words[i]);
    settings[i].value = str(equals + 1);
    config.setting_count = (uint32_t)i + 1;
  }
  config.settings = settings;
  check_birth("create", entry->create(lend(&host, sizeof host), lend(&config, sizeof config), &self, err));
}

static void load(const char *path) {
  void *const library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == NULL) fail(dlerror());
  entry = dlsym(library, "farmhand_plugin_v1");
  if (entry == NULL || entry->struct_size < sizeof *entry) fail("no entry, or a short one");
  if (entry->abi_major != FH_ABI_MAJOR) fail("another major");
  printf("abi %u.%u of %u.%u\n", entry->abi_major, entry->abi_minor, FH_ABI_MAJOR, FH_ABI_MINOR);
  say("id", entry->descriptor_static->id_static);
  if (entry->required_host_features == 0) return;
  printf("it needs abilities this host does not have\n");
  exit(3);
}

int main(int argc, char **argv) {
  const int bare = argc > 1 && strcmp(argv[1], "--bare") == 0;
  fh_error room;
  if (argc < 2 + bare) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  FH_INIT(&room);
  err = lend(&room, sizeof room);
  load(argv[1 + bare]);
  create(bare, argc - 2 - bare, argv + 2 + bare);
  if (entry->query(self, str("farmhand.nothing/1")) != NULL) fail("a table for an unknown id");
  check_birth("start", entry->start(self, err));
  read_devices();
  for (uint32_t i = 0; i < seen.devices; ++i) read_abilities(seen.handles[i]);
  read_others();
  check("stop", entry->stop(self, err));
  entry->destroy(self);
  printf("seen %u devices %u samples %u other records\n", seen.devices, seen.samples, seen.others);
  return 0;
}
