// SPDX-License-Identifier: Apache-2.0
#include "fleet.hh"

#include <charconv>

#include "noise.hh"

namespace farmhand::sim {

namespace {

constexpr uint32_t kDevicesMax = 1024;

const Model& model_called(std::string_view name) {
  const Model* model = find_model(name);
  if (model != nullptr) return *model;
  std::string known;
  for (const Model& each : catalogue()) {
    known.append(known.empty() ? "" : ", ").append(each.name);
  }
  fail(FH_E_INVALID, "no model is called '%.*s'; there are %s", static_cast<int>(name.size()),
       name.data(), known.c_str());
}

__attribute__((format(printf, 1, 2))) std::string printed(const char* format, ...) {
  char text[96];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return text;
}

std::string upper_letters(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') out.push_back(static_cast<char>(c - 'a' + 'A'));
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) out.push_back(c);
  }
  return out;
}

Identity identity_of(const Model& model, uint32_t index, uint64_t fleet_seed) {
  Identity id{.model = &model,
              .index = index,
              .seed = mixed(fleet_seed, 1, index),
              .key = {},
              .uuid = {},
              .pci = {}};
  const uint64_t high = mixed(id.seed, 2, 0);
  const uint64_t low = mixed(id.seed, 3, 0);
  id.key = printed("SIM%s%06X%03u", upper_letters(model.name).c_str(),
                   static_cast<unsigned>(mixed(fleet_seed, 4, 0) & 0xFFFFFF), index);
  id.uuid = printed("%08x-%04x-4%03x-8%03x-%012llx", static_cast<unsigned>(high >> 32),
                    static_cast<unsigned>(high >> 16 & 0xFFFF), static_cast<unsigned>(high & 0xFFF),
                    static_cast<unsigned>(low >> 52),
                    static_cast<unsigned long long>(low & 0xFFFFFFFFFFFF));
  id.pci = printed("%04x:%02x:00.0", index / 0xE0, 0x11 + index % 0xE0);
  return id;
}

void add(const Model& model, int64_t count, uint64_t seed, std::vector<Identity>* fleet) {
  for (int64_t i = 0; i < count; ++i) {
    if (fleet->size() == kDevicesMax) fail(FH_E_INVALID, "more than %u devices", kDevicesMax);
    fleet->push_back(identity_of(model, static_cast<uint32_t>(fleet->size()), seed));
  }
}

// `RNGD:4`, or `RNGD` for one.
void add_entry(const std::string& entry, uint64_t seed, std::vector<Identity>* fleet) {
  const size_t colon = entry.rfind(':');
  int64_t count = 1;
  if (colon != std::string::npos) {
    const char* end = entry.data() + entry.size();
    const auto [stop, error] = std::from_chars(entry.data() + colon + 1, end, count);
    if (error != std::errc() || stop != end || count < 0) {
      fail(FH_E_INVALID, "setting 'devices': '%s' is not MODEL:COUNT", entry.c_str());
    }
  }
  add(model_called(std::string_view(entry).substr(0, colon)), count, seed, fleet);
}

}  // namespace

std::vector<Identity> fleet_from_settings(const Settings& settings) {
  const auto seed = static_cast<uint64_t>(settings.number("seed", 1, 0, INT64_MAX));
  std::vector<Identity> fleet;
  if (!settings.text("devices").empty()) {
    for (const std::string& entry : settings.list("devices")) add_entry(entry, seed, &fleet);
    return fleet;
  }
  add(model_called(settings.text("model", "RNGD")), settings.number("count", 2, 0, kDevicesMax),
      seed, &fleet);
  return fleet;
}

}  // namespace farmhand::sim
