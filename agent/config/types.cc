// SPDX-License-Identifier: Apache-2.0
#include "config/types.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace farmhand {

namespace {

using std::chrono::milliseconds;
using toml::Type;
using toml::Value;

// `'log.level' must be …, not …`
void refuse(const Value& value, const std::string& name, std::string_view expected,
            Problems& problems) {
  std::string sentence = "'" + name + "' must be " + std::string(expected) + ", not ";
  if (value.type == Type::kText) {
    sentence += toml::quoted(value.text);
  } else if (value.type == Type::kInteger || value.type == Type::kReal ||
             value.type == Type::kBoolean) {
    sentence += value.text;
  } else {
    sentence += name_of(value.type);
  }
  problems.add(value.line, sentence);
}

void refuse(const Value& value, const std::string& name, const Error& why, Problems& problems) {
  problems.add(value.line, "'" + name + "': " + why.message);
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

std::string write_texts(const Texts& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + toml::quoted(text);
  return out + ']';
}

// Reads an array of texts each of which `good` accepts.
bool read_texts(const Value& value, const std::string& name, std::string_view expected,
                bool (*good)(std::string_view), Texts& out, Problems& problems) {
  if (value.type != Type::kArray) {
    refuse(value, name, "an array of " + std::string(expected), problems);
    return false;
  }
  Texts texts;
  bool all_good = true;
  for (const Value& item : value.items) {
    if (item.type == Type::kText && good(item.text)) {
      texts.push_back(item.text);
    } else {
      refuse(item, name, "an array of " + std::string(expected), problems);
      all_good = false;
    }
  }
  if (all_good) out = std::move(texts);
  return all_good;
}

bool is_absolute(std::string_view path) {
  return path.starts_with('/');
}

std::string write_text(const std::string& text) {
  return text.empty() ? "" : toml::quoted(text);
}

}  // namespace

bool is_plugin_id(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() < 'a' || text.front() > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

ValueType<bool> boolean_type() {
  return {"boolean",
          [](const Value& value, const std::string& name, bool& out, Problems& problems) {
            if (value.type != Type::kBoolean) {
              return refuse(value, name, "true or false", problems);
            }
            out = value.boolean;
          },
          [](const bool& truth) { return std::string(truth ? "true" : "false"); }};
}

ValueType<std::string> name_type(std::string word, size_t length_max) {
  const std::string expected =
      "a name of 1 to " + std::to_string(length_max) + " characters without spaces";
  return {std::move(word),
          [=](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            if (value.type != Type::kText || value.text.empty() || value.text.size() > length_max ||
                !printable(value.text)) {
              return refuse(value, name, expected, problems);
            }
            out = value.text;
          },
          write_text};
}

ValueType<std::string> path_type(std::string word) {
  return {std::move(word),
          [](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            if (value.type != Type::kText || !is_absolute(value.text)) {
              return refuse(value, name, "an absolute path", problems);
            }
            out = value.text;
          },
          write_text};
}

ValueType<std::string> uplink_url_type() {
  return {"URL",
          [](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            if (value.type != Type::kText) {
              return refuse(value, name, "a URL that begins with wss://", problems);
            }
            const auto url = parse_url(value.text);
            if (!url) return refuse(value, name, url.error(), problems);
            if (url->scheme != "wss") {
              return refuse(value, name, "a URL that begins with wss:// (the uplink is always TLS)",
                            problems);
            }
            out = value.text;
          },
          write_text};
}

ValueType<Texts> paths_type(std::string word) {
  return {std::move(word),
          [](const Value& value, const std::string& name, Texts& out, Problems& problems) {
            read_texts(value, name, "absolute paths", is_absolute, out, problems);
          },
          write_texts};
}

ValueType<std::optional<Texts>> plugin_ids_type() {
  return {"array of plugin ids",
          [](const Value& value, const std::string& name, std::optional<Texts>& out,
             Problems& problems) {
            Texts ids;
            if (read_texts(value, name,
                           "plugin ids (lower case letters, digits, '-'), such as [\"host\"]",
                           is_plugin_id, ids, problems)) {
              out = std::move(ids);
            }
          },
          [](const std::optional<Texts>& ids) { return ids ? write_texts(*ids) : ""; }};
}

namespace {

// `vendor/model`, then `:` and a number that is not 0 where there is more than one.
bool is_expected_device(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos || slash == 0 || slash + 1 == text.size()) return false;
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon < slash) return true;
  const std::string_view number = text.substr(colon + 1);
  return colon > slash + 1 && !number.empty() && number.size() <= 4 && number.front() != '0' &&
         number.find_first_not_of("0123456789") == number.npos;
}

}  // namespace

ValueType<std::optional<Texts>> expected_devices_type() {
  return {"array of devices",
          [](const Value& value, const std::string& name, std::optional<Texts>& out,
             Problems& problems) {
            Texts devices;
            if (read_texts(value, name,
                           "expected devices as vendor/model:number, such as [\"furiosa/rngd:8\"]",
                           is_expected_device, devices, problems)) {
              out = std::move(devices);
            }
          },
          [](const std::optional<Texts>& devices) { return devices ? write_texts(*devices) : ""; }};
}

ValueType<milliseconds> duration_type(milliseconds min, milliseconds max, bool zero_allowed) {
  const std::string expected = "a duration from " + toml::quoted(text_of(min)) + " to " +
                               toml::quoted(text_of(max)) +
                               (zero_allowed ? ", or \"0\" for the default" : "");
  return {"duration",
          [=](const Value& value, const std::string& name, milliseconds& out, Problems& problems) {
            if (value.type != Type::kText) return refuse(value, name, expected, problems);
            const auto duration = parse_duration(value.text);
            if (!duration) return refuse(value, name, duration.error(), problems);
            const bool zero = duration->count() == 0 && zero_allowed;
            if (!zero && (*duration < min || *duration > max)) {
              return refuse(value, name, expected, problems);
            }
            out = *duration;
          },
          [](const milliseconds& duration) { return toml::quoted(text_of(duration)); }};
}

ValueType<uint64_t> size_type(uint64_t min, bool zero_allowed) {
  const std::string expected = "a size of at least " + toml::quoted(text_of_size(min)) +
                               (zero_allowed ? ", or \"0\" for no limit" : "");
  return {"size",
          [=](const Value& value, const std::string& name, uint64_t& out, Problems& problems) {
            if (value.type != Type::kText) {
              return refuse(value, name, expected + " (in quotes, with its unit)", problems);
            }
            const auto size = parse_size(value.text);
            if (!size) return refuse(value, name, size.error(), problems);
            if (*size < min && !(*size == 0 && zero_allowed)) {
              return refuse(value, name, expected, problems);
            }
            out = *size;
          },
          [](const uint64_t& size) { return toml::quoted(text_of_size(size)); }};
}

ValueType<uint32_t> whole_number_type(std::string word, uint32_t min, uint32_t max) {
  const std::string expected =
      "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  return {std::move(word),
          [=](const Value& value, const std::string& name, uint32_t& out, Problems& problems) {
            if (value.type != Type::kInteger || value.integer < int64_t{min} ||
                value.integer > int64_t{max}) {
              return refuse(value, name, expected, problems);
            }
            out = static_cast<uint32_t>(value.integer);
          },
          [](const uint32_t& number) { return std::to_string(number); }};
}

namespace {

// As TOML writes a real or a whole number, whichever it is.
std::string write_number(const double& number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

}  // namespace

ValueType<double> number_type(double min, double max) {
  const std::string expected = "a number from " + write_number(min) + " to " + write_number(max);
  return {"number",
          [=](const Value& value, const std::string& name, double& out, Problems& problems) {
            const bool number = value.type == Type::kReal || value.type == Type::kInteger;
            if (!number || !(value.real >= min && value.real <= max)) {
              return refuse(value, name, expected, problems);
            }
            out = value.real;
          },
          write_number};
}

ValueType<Address> address_type(bool off_allowed) {
  return {"address",
          [=](const Value& value, const std::string& name, Address& out, Problems& problems) {
            if (value.type != Type::kText) {
              return refuse(value, name, "an address such as \"127.0.0.1:9464\"", problems);
            }
            const auto address = parse_address(value.text);
            if (!address) return refuse(value, name, address.error(), problems);
            if (address->off() && !off_allowed) {
              return refuse(value, name, "an address such as \"127.0.0.1:7443\"", problems);
            }
            out = *address;
          },
          [](const Address& address) { return toml::quoted(text_of(address)); }};
}

ValueType<log::Level> level_type() {
  static constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return {"level",
          [](const Value& value, const std::string& name, log::Level& out, Problems& problems) {
            const auto* const found = std::find(kNames.begin(), kNames.end(), value.text);
            if (value.type != Type::kText || found == kNames.end()) {
              return refuse(value, name, "\"debug\", \"info\", \"warn\" or \"error\"", problems);
            }
            out = static_cast<log::Level>(found - kNames.begin());
          },
          [](const log::Level& level) { return toml::quoted(kNames[static_cast<size_t>(level)]); }};
}

}  // namespace farmhand
