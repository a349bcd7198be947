// SPDX-License-Identifier: Apache-2.0
// Interfaces by id: what is there, what is not, and that the answer never changes.
#include <farmhand/devices.h>
#include <farmhand/diag.h>
#include <farmhand/events.h>
#include <farmhand/health.h>
#include <farmhand/jobenv.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>
#include <farmhand/telemetry.h>

#include <algorithm>

#include "stage.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

struct Standard {
  const char* id;
  uint32_t size;
};
constexpr Standard kStandard[] = {
    {FH_DEVICES_ID, sizeof(fh_devices)}, {FH_TELEMETRY_ID, sizeof(fh_telemetry)},
    {FH_HEALTH_ID, sizeof(fh_health)},   {FH_EVENTS_ID, sizeof(fh_events)},
    {FH_JOBENV_ID, sizeof(fh_jobenv)},   {FH_DIAG_ID, sizeof(fh_diag)},
    {FH_RESET_ID, sizeof(fh_reset)},     {FH_SLICE_ID, sizeof(fh_slices)}};

// With a created instance; query is allowed in every state.
void with_instance(Context& context, Lending lending, void (*body)(Context&, Rig&)) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings, Mood{.lending = lending});
  if (rig.create() != FH_OK) return context.findings.skip("create failed: " + rig.error);
  body(context, rig);
}

void expect_none(Context& context, Rig& rig, const std::string& id) {
  if (rig.query(id) == nullptr) return;
  FH_FIND(
      context.findings,
      "query('%.80s') gave a table: compare length and bytes of the whole id, and give NULL for "
      "any other",
      id.c_str());
}

void unknown_ids(Context& context) {
  with_instance(context, Lending::kPlain, [](Context& c, Rig& rig) {
    for (const char* id : {"", "x", "farmhand", "farmhand.", "farmhand.nothing/1", "/", "\xff\xfe",
                           "com.example.thing/1", "farmhand.devices", "farmhand.devices/0",
                           "farmhand.devices/2", "FARMHAND.DEVICES/1"}) {
      expect_none(c, rig, id);
    }
    expect_none(c, rig, std::string(100000, 'f'));
    expect_none(c, rig, std::string("farmhand.devices/1\0", 19));
  });
}

void ids_with_garbage(Context& context) {
  with_instance(context, Lending::kGuarded, [](Context& c, Rig& rig) {
    for (const Standard& each : kStandard) {
      const std::string id = each.id;
      for (size_t cut = 0; cut < id.size(); ++cut) expect_none(c, rig, id.substr(0, cut));
      for (const char* tail : {"0", "1", " ", "\n", "/1", "x"}) expect_none(c, rig, id + tail);
      for (size_t i = 0; i < id.size(); ++i) {
        std::string other = id;
        other[i] = static_cast<char>(other[i] ^ 0x01);
        const bool real = std::any_of(std::begin(kStandard), std::end(kStandard),
                                      [&](const Standard& s) { return other == s.id; });
        if (!real) expect_none(c, rig, other);
      }
    }
  });
}

void check_table(Context& context, Rig& rig, const Standard& standard) {
  const void* const table = rig.query(standard.id);
  if (table == nullptr) return;
  if (rig.query(standard.id) != table) {
    FH_FIND(context.findings, "query('%s') gives another table each time: it must be const",
            standard.id);
  }
  at("the table of %s", standard.id);
  const auto size = *static_cast<const uint32_t*>(table);
  at_rest();
  if (size != standard.size) {
    return FH_FIND(context.findings, "the table of %s has struct_size %u, not %u", standard.id,
                   size, standard.size);
  }
  // After struct_size and a reserved word a table holds nothing but functions.
  const auto* const slots = static_cast<void* const*>(table) + 1;
  for (size_t i = 0; i < (standard.size - 8) / sizeof(void*); ++i) {
    if (slots[i] == nullptr) {
      FH_FIND(context.findings,
              "the table of %s lacks its function number %zu: offer all of an interface or none",
              standard.id, i + 1);
    }
  }
}

void tables_are_sound(Context& context) {
  with_instance(context, Lending::kPlain, [](Context& c, Rig& rig) {
    for (const Standard& each : kStandard) check_table(c, rig, each);
    if (rig.query(FH_DEVICES_ID) == nullptr) {
      FH_FIND(c.findings, "it offers no %s: a plugin lists its devices", FH_DEVICES_ID);
    }
  });
}

void interfaces_equal_manifest(Context& context) {
  if (context.options.manifest_path.empty()) return context.findings.skip("no manifest");
  with_instance(context, Lending::kPlain, [](Context& c, Rig& rig) {
    const auto& named = c.manifest.interfaces;
    for (const Standard& each : kStandard) {
      const bool offered = rig.query(each.id) != nullptr;
      const bool listed = std::find(named.begin(), named.end(), each.id) != named.end();
      if (offered == listed) continue;
      FH_FIND(c.findings,
              offered ? "it offers %s, which the manifest does not list"
                      : "the manifest lists %s, which query does not give",
              each.id);
    }
  });
}

constexpr Test kTests[] = {
    {"unknown-ids", "R10", "an unknown interface id gives NULL", unknown_ids},
    {"id-garbage", "R10", "an id is compared whole, by length and bytes", ids_with_garbage},
    {"tables", "R6", "each interface table is whole, const and of its frozen size",
     tables_are_sound},
    {"interfaces", "R2", "the manifest lists the interfaces that are there",
     interfaces_equal_manifest},
};

}  // namespace

std::span<const Test> query_tests() {
  return kTests;
}

}  // namespace farmhand::check
