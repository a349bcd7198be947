// SPDX-License-Identifier: Apache-2.0
#include "smi_tool.hh"

#include "catalogue.hh"

namespace farmhand::furiosa {

namespace {

std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr ? value->text() : std::string();
}

// `41.50°C`, `39.00 W`, `2000 MHz`. Without its unit a number is none: nothing says what it is in.
Reading with_unit(const Json& object, std::string_view key, std::string_view unit, double least,
                  double most) {
  const Json* value = object.find(key);
  if (value == nullptr) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  std::string_view text = trimmed(value->text());
  if (!text.ends_with(unit)) return no_reading(FH_SAMPLE_ERROR);
  text.remove_suffix(unit.size());
  const auto number = number_from(trimmed(text));
  return number ? within(good(*number), least, most) : no_reading(FH_SAMPLE_ERROR);
}

Reading number_at(const Json& object, std::string_view key, double least, double most) {
  const Json* value = object.find(key);
  if (value == nullptr) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  if (!value->is_number()) return no_reading(FH_SAMPLE_ERROR);
  return within(good(value->number()), least, most);
}

ToolCard card_from(const Json& object) {
  ToolCard card;
  card.pci = pci_address_from(text_at(object, "pci_bdf"));
  card.serial = name_from(text_at(object, "device_sn"));
  card.uuid = name_from(text_at(object, "device_uuid"));
  card.name = name_from(text_at(object, "dev_name"));
  card.firmware = version_from(text_at(object, "firmware"));
  card.model = name_from(text_at(object, "arch"));
  if (const Model* model = find_model(card.model)) card.model = model->name;
  card.temperature = with_unit(object, "temperature", "°C", 1, 200);
  card.power = with_unit(object, "power", "W", 0, 10'000);
  card.clock = with_unit(object, "core_clock", "MHz", 1, 10'000);
  return card;
}

Liveness liveness_from(const std::string& word) {
  if (word == "alive") return Liveness::kAlive;
  return word == "dead" || word == "not alive" ? Liveness::kDead : Liveness::kUnknown;
}

void add_memory(const Json& status, ToolCard* card) {
  const Json* memory = status.find("memory");
  const Json* dram = memory != nullptr ? memory->find("DRAM") : nullptr;
  if (dram == nullptr) {
    card->memory = {no_reading(FH_SAMPLE_NOT_SUPPORTED), no_reading(FH_SAMPLE_NOT_SUPPORTED)};
    return;
  }
  card->memory.total = number_at(*dram, "total_size", 1, 1e15);
  card->memory.used = number_at(*dram, "used_size", 0, 1e15);
  if (card->memory.used.value > card->memory.total.value) {
    card->memory.used = no_reading(FH_SAMPLE_ERROR);
  }
}

void put(std::vector<Reading>* readings, size_t core, const Reading& reading) {
  if (readings->size() <= core) readings->resize(core + 1);
  (*readings)[core] = reading;
}

void add_cores(const Json& status, ToolCard* card) {
  const Json* list = status.find("pe_utilizations");
  if (list == nullptr) return;
  for (const Json& each : list->items()) {
    const Reading core = number_at(each, "pe_core", 0, kCoresMax - 1);
    if (!core.ok()) continue;
    const auto place = static_cast<size_t>(core.value);
    Reading busy = number_at(each, "pe_utilization", 0, 100);
    if (busy.status == FH_SAMPLE_NOT_SUPPORTED) busy = number_at(each, "utilization", 0, 100);
    put(&card->utilization, place, busy);
    const Json* held = each.find("pe_occupancy");
    Reading occupied = no_reading(held == nullptr ? FH_SAMPLE_NOT_SUPPORTED : FH_SAMPLE_ERROR);
    if (held != nullptr && held->is_boolean()) occupied = good(held->boolean() ? 1 : 0);
    put(&card->occupied, place, occupied);
  }
}

ToolReport failed(int32_t status, std::string problem) {
  return {
      .status = status, .problem = std::move(problem), .boottime_ns = boottime_ns(), .cards = {}};
}

}  // namespace

ToolReport report_from(std::string_view info, std::string_view status) {
  const JsonDocument infos = json_from(info);
  const JsonDocument statuses = json_from(status);
  for (const JsonDocument* each : {&infos, &statuses}) {
    if (!each->ok()) return failed(FH_E_INTERNAL, "furiosa-smi printed " + each->problem);
    if (!each->value.is_array()) {
      return failed(FH_E_INTERNAL, std::string("furiosa-smi printed ") + each->value.kind_name() +
                                       ", not an array");
    }
  }
  ToolReport report = failed(FH_OK, {});
  for (const Json& each : infos.value.items()) {
    ToolCard card = card_from(each);
    if (card.pci.empty() && card.serial.empty() && card.uuid.empty()) continue;
    for (const Json& other : statuses.value.items()) {
      if (card.name.empty() || text_at(other, "device") != card.name) continue;
      card.liveness = liveness_from(text_at(other, "liveness"));
      add_memory(other, &card);
      add_cores(other, &card);
    }
    report.cards.push_back(std::move(card));
  }
  return report;
}

ToolReport SmiTool::run(const Call& call) const {
  CommandResult info, status;
  for (const char* option : {"--format", "--output"}) {
    info = run_command(call, {path_, "info", option, "json"});
    if (info.status == FH_OK && info.exit_code == 0) {
      status = run_command(call, {path_, "status", option, "json"});
      if (status.status == FH_OK && status.exit_code == 0) {
        return report_from(info.output, status.output);
      }
      info = status;
    }
    if (info.status != FH_OK) break;  // not installed, or out of time: another word does not help
  }
  return failed(info.status == FH_OK ? FH_E_INTERNAL : info.status, info.sentence);
}

std::shared_ptr<const ToolReport> SmiTool::report(const Call& call) {
  if (path_.empty()) {
    return std::make_shared<ToolReport>(failed(FH_E_UNSUPPORTED, "the setting 'tool' is empty"));
  }
  const auto seen = polled_.get(kEveryNs, [&] { return run(call); });
  return seen ? std::shared_ptr<const ToolReport>(seen, &seen->value) : nullptr;
}

}  // namespace farmhand::furiosa
