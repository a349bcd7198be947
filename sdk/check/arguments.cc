// SPDX-License-Identifier: Apache-2.0
#include "arguments.hh"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "usage.hh"

namespace farmhand::check {

namespace {

// Walks over argv; a value may follow its option or an equals sign.
class Words {
 public:
  Words(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  bool next(std::string& word) {
    if (at_ >= words_.size()) return false;
    word = words_[at_++];
    return true;
  }

  // The value of `option` when `word` is that option.
  bool value_of(std::string_view option, const std::string& word, std::string& value) {
    if (word == option) {
      if (!next(value)) missing_ = word;
      return true;
    }
    if (!word.starts_with(std::string(option) + "=")) return false;
    value = word.substr(option.size() + 1);
    return true;
  }

  const std::string& missing() const { return missing_; }

 private:
  std::vector<std::string> words_;
  size_t at_ = 0;
  std::string missing_;
};

bool split(const std::string& word, Settings& settings) {
  const size_t equals = word.find('=');
  if (equals == word.npos || equals == 0) return false;
  settings.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  return true;
}

void split_commas(const std::string& words, std::vector<std::string>& out) {
  for (size_t from = 0; from <= words.size();) {
    const size_t comma = std::min(words.find(',', from), words.size());
    if (comma > from) out.push_back(words.substr(from, comma - from));
    from = comma + 1;
  }
}

bool number(const std::string& text, uint64_t& out) {
  char* end = nullptr;
  out = strtoull(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0';
}

Arguments wrong(const std::string& sentence) {
  Arguments arguments;
  arguments.command = Command::kWrong;
  arguments.error = sentence;
  return arguments;
}

void place(const std::string& path, Options& options) {
  if (path.ends_with(".toml")) {
    options.manifest_path = path;
  } else {
    options.library_path = path.find('/') == path.npos ? "./" + path : path;
  }
}

Arguments helping(const char* text) {
  Arguments arguments;
  arguments.command = Command::kHelp;
  arguments.help = text;
  return arguments;
}

bool asks_for_help(const std::string& word) {
  return word == "--help" || word == "-h";
}

Arguments read_new(Words& words) {
  Arguments arguments;
  arguments.command = Command::kNew;
  Skeleton& skeleton = arguments.skeleton;
  std::string word;
  std::string build = "make";
  while (words.next(word)) {
    if (asks_for_help(word)) return helping(kNewUsage);
    if (words.value_of("--vendor", word, skeleton.vendor)) continue;
    if (words.value_of("--in", word, skeleton.folder)) continue;
    if (words.value_of("--build", word, build)) continue;
    if (word.starts_with('-') || !skeleton.name.empty()) return wrong("unknown option " + word);
    skeleton.name = word;
  }
  if (skeleton.name.empty() || skeleton.vendor.empty()) return wrong("write new NAME --vendor V");
  if (build != "make" && build != "meson") return wrong("--build is make or meson");
  skeleton.meson = build == "meson";
  return arguments;
}

}  // namespace

Arguments read_arguments(int argc, char** argv) {
  Arguments arguments;
  Options& options = arguments.options;
  options.seed = std::random_device()();
  Words words(argc, argv);
  std::string word;
  for (std::string value; words.next(word); value.clear()) {
    uint64_t seconds = 0;
    if (word == "new" && options.library_path.empty() && options.manifest_path.empty()) {
      return read_new(words);
    }
    if (word == "show" && options.library_path.empty() && options.manifest_path.empty()) {
      arguments.command = Command::kShow;
    } else if (asks_for_help(word)) {
      return helping(arguments.command == Command::kShow ? kShowUsage : kUsage);
    } else if (word == "--list") {
      arguments.command = Command::kList;
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--active") {
      options.active = true;
    } else if (words.value_of("--setting", word, value)) {
      if (!split(value, options.settings)) return wrong("--setting takes KEY=VALUE");
    } else if (words.value_of("--empty", word, value)) {
      if (!split(value, options.empty_settings)) return wrong("--empty takes KEY=VALUE");
    } else if (words.value_of("--vanish", word, options.vanish_command)) {
    } else if (words.value_of("--only", word, value)) {
      split_commas(value, options.only);
    } else if (words.value_of("--seed", word, value)) {
      if (!number(value, options.seed)) return wrong("--seed takes a number");
    } else if (words.value_of("--timeout", word, value)) {
      if (!number(value, seconds) || seconds == 0 || seconds > 86400) {
        return wrong("--timeout takes seconds");
      }
      options.timeout_s = static_cast<unsigned>(seconds);
    } else if (word.starts_with('-')) {
      return wrong("unknown option " + word);
    } else if (options.library_path.empty() && options.manifest_path.empty()) {
      place(word, options);
    } else {
      return wrong("one plugin at a time");
    }
  }
  if (!words.missing().empty()) return wrong(words.missing() + " needs a value");
  const bool nothing = options.library_path.empty() && options.manifest_path.empty();
  const bool needed = arguments.command == Command::kCheck || arguments.command == Command::kShow;
  if (needed && nothing) return wrong("which plugin?");
  return arguments;
}

}  // namespace farmhand::check
