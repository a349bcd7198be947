// SPDX-License-Identifier: Apache-2.0
#include "report.hh"

#include <farmhand/metrics.h>
#include <farmhand/identity.hh>
#include <farmhand/json.hh>

namespace farmhand::sapeon {

namespace {

constexpr size_t kComplaintsMax = 16;
constexpr size_t kCardsMax = 256;
constexpr size_t kNodesMax = 256;
constexpr size_t kTextMax = 512;

struct NumberField {
  const char* name;
  double least, most;
};

// In the order of the enum. README.md has the units.
constexpr NumberField kNumbers[] = {{"utilization", 0, 100},
                                    {"memory_utilization", 0, 100},
                                    {"memory_used", 0, 1e15},
                                    {"memory_total", 1, 1e15},
                                    {"temperature", -40, 200},
                                    {"memory_temperature", -40, 200},
                                    {"power", 0, 10'000},
                                    {"power_limit", 1, 10'000},
                                    {"energy", 0, 1e15},
                                    {"clock", 1, 10'000},
                                    {"inferences", 0, 9e15},
                                    {"errors_corrected", 0, 9e15},
                                    {"errors_uncorrected", 0, 9e15}};
static_assert(std::size(kNumbers) == kQuantities);

constexpr std::pair<std::string_view, State> kStates[] = {
    {"ok", State::kOk}, {"busy", State::kBusy}, {"fault", State::kFault}, {"lost", State::kLost}};
constexpr std::pair<std::string_view, uint32_t> kThrottles[] = {
    {"thermal", FH_THROTTLE_THERMAL},   {"power", FH_THROTTLE_POWER},
    {"hardware", FH_THROTTLE_HARDWARE}, {"setting", FH_THROTTLE_SETTING},
    {"link", FH_THROTTLE_LINK},         {"other", FH_THROTTLE_OTHER}};

template <class Words>
std::string list_of(const Words& words) {
  std::string list;
  for (const auto& [word, value] : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

std::string shortest(double number) {
  char text[32];
  snprintf(text, sizeof text, "%.10g", number);
  return text;
}

bool is_variable_name(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view kDigits = "0123456789";
  if (name.empty() || name.size() > 128 || kLetters.find(name[0]) == name.npos) return false;
  for (const char c : name) {
    if (kLetters.find(c) == name.npos && kDigits.find(c) == name.npos) return false;
  }
  return true;
}

// Reads one object of the document and keeps what is wrong in it.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::vector<std::string>* complaints)
      : object_(object), path_(std::move(path)), complaints_(*complaints) {}

  void complain(std::string_view field, const std::string& what) {
    const std::string dot = path_.empty() || field.empty() ? "" : ".";
    if (complaints_.size() < kComplaintsMax) {
      complaints_.push_back(clean(path_ + dot + std::string(field) + " " + what));
    }
  }

  // The field, if it is there and not null: null says "not known" in so many words.
  const Json* find(const char* field) const {
    const Json* value = object_.find(field);
    return value != nullptr && value->kind() == Json::Kind::kNull ? nullptr : value;
  }

  std::string text(const char* field) {
    const Json* value = find(field);
    if (value == nullptr) return {};
    if (!value->is_text()) return complain(field, wants("a text", *value)), std::string();
    const std::string name = name_from(value->text());
    if (name.empty()) complain(field, "is no name: printable, without blanks, at most 64");
    return name;
  }

  std::string sentence(const char* field) {
    const Json* value = find(field);
    if (value == nullptr) return {};
    if (!value->is_text()) return complain(field, wants("a text", *value)), std::string();
    return version_from(value->text());
  }

  std::string pci(const char* field) {
    const Json* value = find(field);
    if (value == nullptr) return {};
    const std::string address = pci_address_from(value->text());
    if (address.empty()) complain(field, "is no PCI address: write it as 0000:03:00.0");
    return address;
  }

  Reading number(const NumberField& field) {
    const Json* value = find(field.name);
    if (value == nullptr) return no_reading(FH_SAMPLE_UNKNOWN);
    if (!value->is_number()) {
      complain(field.name, wants("a number", *value));
      return no_reading(FH_SAMPLE_ERROR);
    }
    const Reading reading = within(good(value->number()), field.least, field.most);
    if (!reading.ok()) {
      complain(field.name, "is " + shortest(value->number()) + ", not between " +
                               shortest(field.least) + " and " + shortest(field.most));
    }
    return reading;
  }

  std::optional<State> state() {
    const Json* value = find("state");
    if (value == nullptr) return std::nullopt;
    for (const auto& [word, state] : kStates) {
      if (value->text() == word) return state;
    }
    complain("state", "is not one of " + list_of(kStates));
    return std::nullopt;
  }

  Reading throttle() {
    const Json* value = find("throttle");
    if (value == nullptr) return no_reading(FH_SAMPLE_UNKNOWN);
    if (!value->is_array()) complain("throttle", wants("an array", *value));
    uint32_t bits = 0;
    bool known = value->is_array();
    for (const Json& each : value->items()) {
      uint32_t bit = 0;
      for (const auto& [word, its] : kThrottles) bit = each.text() == word ? its : bit;
      if (bit == 0) complain("throttle", "has a word that is not one of " + list_of(kThrottles));
      known = known && bit != 0;
      bits |= bit;
    }
    return known ? good(bits) : no_reading(FH_SAMPLE_ERROR);
  }

  // A job gets these: anything but a plain path below /dev is left out.
  std::vector<std::string> nodes() {
    const Json* value = find("nodes");
    std::vector<std::string> nodes;
    if (value == nullptr) return nodes;
    if (!value->is_array()) complain("nodes", wants("an array", *value));
    for (const Json& each : value->items()) {
      const std::string& path = each.text();
      const bool plain = path.starts_with("/dev/") && path.size() > 5 && path.size() < kTextMax &&
                         path.find("/../") == path.npos && !path.ends_with("/..") &&
                         clean(path) == path;
      if (plain && nodes.size() < kNodesMax) {
        nodes.push_back(path);
      } else {
        complain("nodes", "has something else than a path below /dev");
      }
    }
    return nodes;
  }

  std::vector<std::pair<std::string, std::string>> environment() {
    const Json* value = find("environment");
    std::vector<std::pair<std::string, std::string>> variables;
    if (value == nullptr) return variables;
    if (!value->is_object()) complain("environment", wants("an object", *value));
    for (const auto& [name, text] : value->members()) {
      const bool good = is_variable_name(name) && text.is_text() && text.text().size() < kTextMax &&
                        clean(text.text()) == text.text();
      if (good) {
        variables.emplace_back(name, text.text());
      } else {
        complain("environment", "has '" + name + "', which is no name of a variable with a text");
      }
    }
    return variables;
  }

  // A misspelt field would be "not said" for ever.
  template <class IsKnown>
  void refuse_unknown(IsKnown is_known) {
    for (const auto& [name, value] : object_.members()) {
      if (!is_known(name)) complain(name, "is not in the schema");
    }
  }

 private:
  static std::string wants(const char* wanted, const Json& found) {
    return std::string("is ") + found.kind_name() + ", not " + wanted;
  }

  const Json& object_;
  std::string path_;
  std::vector<std::string>& complaints_;
};

bool is_card_field(std::string_view name) {
  constexpr std::string_view kOthers[] = {"pci",         "serial",    "uuid",     "model",
                                          "firmware",    "state",     "throttle", "nodes",
                                          "environment", "state_text"};
  for (const std::string_view other : kOthers) {
    if (name == other) return true;
  }
  for (const NumberField& number : kNumbers) {
    if (name == number.name) return true;
  }
  return false;
}

AdapterCard card_from(const Json& object, const std::string& path) {
  AdapterCard card;
  Reader reader(object, path, &card.complaints);
  if (!object.is_object()) {
    reader.complain("", std::string("is ") + object.kind_name() + ", not an object");
    return card;
  }
  card.pci = reader.pci("pci");
  card.serial = reader.text("serial");
  card.uuid = reader.text("uuid");
  card.model = reader.text("model");
  card.firmware = reader.sentence("firmware");
  card.state = reader.state();
  card.state_text = reader.sentence("state_text");
  for (size_t at = 0; at < kQuantities; ++at) card.readings[at] = reader.number(kNumbers[at]);
  const Reading total = card[Quantity::kMemoryTotal];
  Reading& used = card.readings[static_cast<size_t>(Quantity::kMemoryUsed)];
  if (used.ok() && total.ok() && used.value > total.value) {
    reader.complain("memory_used", "is more than memory_total");
    used = no_reading(FH_SAMPLE_ERROR);
  }
  card.throttle = reader.throttle();
  card.nodes = reader.nodes();
  card.environment = reader.environment();
  reader.refuse_unknown(is_card_field);
  if (card.pci.empty() && card.serial.empty()) reader.complain("", "names neither pci nor serial");
  return card;
}

Report failed(std::string problem) {
  return no_report(FH_E_INTERNAL, std::move(problem));
}

bool same_card(const AdapterCard& a, const AdapterCard& b) {
  return (!a.pci.empty() && a.pci == b.pci) || (!a.serial.empty() && a.serial == b.serial);
}

void add_card(AdapterCard card, const std::string& path, Report* report) {
  bool twice = false;
  for (const AdapterCard& other : report->cards) twice = twice || same_card(card, other);
  if (twice) card.complaints.push_back(path + " is a card that was there before");
  report->complaints.insert(report->complaints.end(), card.complaints.begin(),
                            card.complaints.end());
  const bool named = !card.pci.empty() || !card.serial.empty();
  if (named && !twice) report->cards.push_back(std::move(card));
}

}  // namespace

Report no_report(int32_t status, std::string problem) {
  Report report;
  report.status = status;
  report.problem = std::move(problem);
  return report;
}

Report report_from(std::string_view text) {
  const JsonDocument document = json_from(text);
  if (!document.ok()) return failed("the adapter printed " + document.problem);
  const Json* schema = document.value.find("schema");
  if (schema == nullptr || schema->text() != kSchema) {
    return failed("the adapter printed no \"schema\": \"" + std::string(kSchema) + "\"");
  }
  const Json* devices = document.value.find("devices");
  if (devices == nullptr || !devices->is_array()) {
    return failed("the adapter printed no array \"devices\"");
  }
  if (devices->items().size() > kCardsMax)
    return failed("the adapter printed more than 256 devices");
  Report report;
  report.status = FH_OK;
  Reader top(document.value, "", &report.complaints);
  report.driver = top.sentence("driver");
  top.refuse_unknown([](std::string_view name) {
    return name == "schema" || name == "devices" || name == "driver";
  });
  for (size_t at = 0; at < devices->items().size(); ++at) {
    const std::string path = "devices[" + std::to_string(at) + "]";
    add_card(card_from(devices->items()[at], path), path, &report);
  }
  return report;
}

}  // namespace farmhand::sapeon
