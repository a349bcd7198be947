// SPDX-License-Identifier: Apache-2.0
#include "smi_tool.hh"

namespace farmhand::rebellions {

namespace {

// Texts come as texts, in some releases as numbers; null and absent are the same.
std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr) return {};
  if (value->is_number()) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.0f", value->number());
    return digits;
  }
  return value->text();
}

// `41C`, `41 °C`, 41, `52.0W`, `52.0W/120W`: a number, or a text with one, with or without its
// unit, a limit behind a slash. Any other unit than the key's own is an error.
Reading number_at(const Json& object, std::string_view key,
                  std::initializer_list<std::string_view> units, double least, double most) {
  const Json* value = object.find(key);
  if (value == nullptr || value->kind() == Json::Kind::kNull || value->text() == "N/A") {
    return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  }
  if (value->is_number()) return within(good(value->number()), least, most);
  if (!value->is_text()) return no_reading(FH_SAMPLE_ERROR);
  std::string_view text = value->text();
  text = trimmed(text.substr(0, text.find('/')));
  for (const std::string_view unit : units) {
    if (!text.ends_with(unit)) continue;
    text.remove_suffix(unit.size());
    break;
  }
  const auto number = number_from(trimmed(text));
  return number ? within(good(*number), least, most) : no_reading(FH_SAMPLE_ERROR);
}

Reading power_state_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr || !value->is_text()) return number_at(object, key, {}, 0, 64);
  std::string_view text = trimmed(value->text());
  if (!text.starts_with('P')) return no_reading(FH_SAMPLE_ERROR);
  const auto number = integer_from<uint32_t>(text.substr(1));
  return number ? within(good(*number), 0, 64) : no_reading(FH_SAMPLE_ERROR);
}

std::optional<uint32_t> count_at(const Json& object, std::string_view key) {
  const Reading number = number_at(object, key, {}, 0, 1e6);
  if (!number.ok()) return std::nullopt;
  return static_cast<uint32_t>(number.value);
}

void add_pci(const Json& object, ToolCard* card) {
  const Json* pci = object.find("pci");
  if (pci == nullptr) return;
  card->pci = pci_address_from(text_at(*pci, "bus_id"));
  const auto node = count_at(*pci, "numa_node");
  if (node && *node < 1024) card->numa_node = static_cast<int32_t>(*node);
}

void add_memory(const Json& object, ToolCard* card) {
  const Json* memory = object.find("memory");
  constexpr Reading kNone{FH_SAMPLE_NOT_SUPPORTED, 0};
  card->memory = memory == nullptr ? MemoryUse{kNone, kNone}
                                   : memory_from(number_at(*memory, "used", {}, 0, 1e15),
                                                 number_at(*memory, "total", {}, 1, 1e15));
}

ToolCard card_from(const Json& object, const std::string& driver) {
  ToolCard card;
  card.number = count_at(object, "npu");
  card.group = count_at(object, "group_id");
  card.uuid = name_from(text_at(object, "uuid"));
  card.serial = name_from(text_at(object, "sid"));
  card.part = name_from(text_at(object, "name"));
  card.firmware = version_from(text_at(object, "fw_ver"));
  card.driver = driver;
  card.status = clean(text_at(object, "status"));
  card.temperature = number_at(object, "temperature", {"°C", "C", "°"}, 1, 200);
  card.power = number_at(object, "card_power", {"W"}, 1, 4000);
  card.power_state = power_state_at(object, "pstate");
  card.utilization = number_at(object, "util", {"%"}, 0, 100);
  add_pci(object, &card);
  add_memory(object, &card);
  return card;
}

// The contexts' `npu` is a text in one dialect and a number in the other, as the devices' is.
void count_contexts(const Json& document, ToolReport* report) {
  const Json* contexts = document.find("contexts");
  for (ToolCard& card : report->cards) {
    card.contexts = no_reading(FH_SAMPLE_NOT_SUPPORTED);
    if (contexts == nullptr || !card.number) continue;
    card.contexts = contexts->is_array() ? good(0) : no_reading(FH_SAMPLE_ERROR);
    for (const Json& each : contexts->items()) {
      const auto number = count_at(each, "npu");
      if (number && *number == *card.number) ++card.contexts.value;
    }
  }
}

ToolReport failed(int32_t status, std::string problem) {
  return {status, std::move(problem), boottime_ns(), {}};
}

}  // namespace

ToolReport report_from(std::string_view text) {
  const JsonDocument document = json_from(text);
  if (!document.ok()) return failed(FH_E_INTERNAL, "the tool printed " + document.problem);
  const Json* devices = document.value.find("devices");
  if (devices == nullptr || !devices->is_array()) {
    return failed(FH_E_INTERNAL, "the tool printed no array 'devices'");
  }
  const std::string driver = version_from(text_at(document.value, "KMD_version"));
  ToolReport report = failed(FH_OK, {});
  for (const Json& each : devices->items()) report.cards.push_back(card_from(each, driver));
  count_contexts(document.value, &report);
  return report;
}

CommandResult SmiTool::run(const Call& call, const std::vector<std::string>& words,
                           const CommandLimits& limits) const {
  CommandResult result;
  result.status = FH_E_UNSUPPORTED;
  result.sentence = "the setting 'tool' is empty";
  for (const std::string& name : names_) {
    std::vector<std::string> all{name};
    all.insert(all.end(), words.begin(), words.end());
    result = run_command(call, all, limits);
    if (result.status != FH_E_UNSUPPORTED) break;
  }
  return result;
}

// Without `-g` an old tool, which knows no groups, still shows the devices.
ToolReport SmiTool::report_now(const Call& call) const {
  CommandResult result = run(call, {"-g", "-j"});
  if (result.status == FH_OK && result.exit_code > 0) result = run(call, {"-j"});
  if (result.ok()) return report_from(result.output);
  return failed(result.status == FH_OK ? FH_E_INTERNAL : result.status, result.sentence);
}

std::shared_ptr<const ToolReport> SmiTool::report(const Call& call) {
  const auto seen = polled_.get(kEveryNs, [&] { return report_now(call); });
  return seen ? std::shared_ptr<const ToolReport>(seen, &seen->value) : nullptr;
}

void SmiTool::group(const Call& call, const std::vector<std::string>& words) const {
  std::vector<std::string> all{"group"};
  all.insert(all.end(), words.begin(), words.end());
  // The vendor's own waits so long for a change of groups (rblnlib-go, pkg/rblnsmi).
  const CommandResult result = run(call, all, {.time_ns = 10'000'000'000});
  if (result.ok()) return;
  fail(result.status == FH_OK ? FH_E_INTERNAL : result.status, "cannot change the RSD groups: %s",
       result.sentence.c_str());
}

}  // namespace farmhand::rebellions
