// SPDX-License-Identifier: Apache-2.0
#include "config/check_file.hh"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include "base/file.hh"
#include "config/check_keys.hh"

namespace farmhand {

namespace {

using toml::Type;
using toml::Value;

constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kDefinitionsMax = 1000;  // of each kind; more is a mistake of a generator

bool pattern_matches(std::string_view pattern, std::string_view text) {
  if (pattern.ends_with('*')) return text.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern.empty() || pattern == text;
}

std::string name_in(const Value& table) {
  const Value* const name = table.find("name");
  return name != nullptr && name->type == Type::kText ? name->text : "";
}

template <typename Definition>
void take_one(const Value& table, const char* section, const Keys<Definition>& keys,
              const std::string& path, std::vector<Definition>& good, CheckDefinitions& out,
              std::vector<uint32_t>* lines) {
  Problems problems(path);
  Definition definition;
  apply_section(table, section, section, keys, definition, problems);
  // A key that could not be read would only be complained of a second time.
  if (problems.none()) check_definition(table, definition, problems);
  for (const Problems::Problem& problem : problems.each()) {
    out.refused.push_back(
        {path, static_cast<uint32_t>(problem.line), name_in(table), problem.sentence});
  }
  if (!problems.none()) return;
  good.push_back(std::move(definition));
  lines->push_back(static_cast<uint32_t>(table.line));
}

// Where each good definition stands, for what is found out about it later.
struct Lines {
  std::vector<uint32_t> commands;
  std::vector<uint32_t> rules;
};

void refuse_entry(const Value& entry, const std::string& path, CheckDefinitions& out) {
  const std::string_view best = nearest(entry.key, {"command", "rule"});
  out.refused.push_back(
      {path, static_cast<uint32_t>(entry.line), "",
       "unknown entry '" + entry.key + "'; a check file holds [[command]] and [[rule]]" +
           (best.empty() ? "" : "; did you mean [[" + std::string(best) + "]]?")});
}

void take_file(std::string_view text, const std::string& path, CheckDefinitions& out,
               Lines& lines) {
  const auto root = toml::parse(text, path);
  if (!root) {
    // The parser's sentence begins with the place, and a refused check has that apart.
    const std::string& message = root.error().message;
    const size_t after = message.find(": ", path.size() + 1);
    const int line = std::atoi(message.c_str() + std::min(path.size() + 1, message.size()));
    out.refused.push_back({path, static_cast<uint32_t>(line), "",
                           (after == message.npos ? message : message.substr(after + 2)) +
                               "; nothing of this file is used until it is mended"});
    return;
  }
  for (const Value& entry : root->items) {
    const bool known = entry.key == "command" || entry.key == "rule";
    bool tables = known && entry.type == Type::kArray;
    for (const Value& item : entry.items) tables = tables && item.type == Type::kTable;
    if (!tables) {
      refuse_entry(entry, path, out);
      continue;
    }
    for (const Value& table : entry.items) {
      if (entry.key == "command") {
        take_one(table, "command", command_keys(), path, out.commands, out, &lines.commands);
      } else {
        take_one(table, "rule", rule_keys(), path, out.rules, out, &lines.rules);
      }
    }
  }
}

// Whoever can write here runs programs as the agent.
std::string why_untrusted(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::strerror(errno);
  if (!S_ISREG(info.st_mode)) return "this is not a plain file";
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return "the file belongs to somebody else; chown it to root";
  }
  if ((info.st_mode & 022) != 0) return "others may write this file; chmod it to 0644";
  return "";
}

std::string why_not_runnable(const std::string& program) {
  struct stat info {};
  if (::stat(program.c_str(), &info) != 0) {
    return "the program '" + program + "' " +
           (errno == ENOENT ? "is not there; install it or correct the path"
                            : std::string("cannot be looked at: ") + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return "'" + program + "' is not a program";
  if ((info.st_mode & 0111) == 0) {
    return "the program '" + program + "' is not executable; chmod it to 0755";
  }
  return "";
}

// Read here and not asked from the name service, which may wait for a network on the loop.
std::string why_no_user(const std::string& user) {
  if (user.empty()) return "";
  const auto users = read_file("/etc/passwd", 4 << 20);
  const bool found = users && ("\n" + *users).find("\n" + user + ':') != std::string::npos;
  return found ? "" : "there is no user '" + user + "' in /etc/passwd";
}

std::string why_unusable(const CommandDefinition& command) {
  const std::string why = why_not_runnable(command.argv.front());
  return why.empty() ? why_no_user(command.user) : why;
}

std::string why_unusable(const RuleDefinition&) {
  return "";
}

// Drops of those added since `first` what cannot be used here or has a name that is taken.
template <typename Definition>
void drop_unusable(const std::string& path, size_t first, std::vector<Definition>& all,
                   const std::vector<uint32_t>& lines, std::map<std::string, std::string>& taken,
                   std::vector<RefusedCheck>& refused) {
  std::vector<Definition> kept(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
  for (size_t i = first; i < all.size(); ++i) {
    const uint32_t line = lines[i - first];
    std::string why = why_unusable(all[i]);
    const std::string place = path + ':' + std::to_string(line);
    if (why.empty() && kept.size() >= kDefinitionsMax) why = "there are more than 1000 of its kind";
    if (why.empty()) {
      const auto [at, fresh] = taken.emplace(all[i].name, place);
      if (!fresh) why = "the name is taken by " + at->second + "; give it another";
    }
    if (why.empty()) {
      kept.push_back(std::move(all[i]));
    } else {
      refused.push_back({path, line, all[i].name, std::move(why)});
    }
  }
  all = std::move(kept);
}

// The files by their names: a later directory's masks an earlier one's.
std::map<std::string, std::string> files_of(const std::vector<std::string>& directories,
                                            std::vector<RefusedCheck>& refused) {
  std::map<std::string, std::string> files;
  for (const std::string& directory : directories) {
    DIR* const open = ::opendir(directory.c_str());
    if (open == nullptr) {
      if (errno != ENOENT) refused.push_back({directory, 0, "", std::strerror(errno)});
      continue;
    }
    while (const dirent* entry = ::readdir(open)) {
      const std::string_view name = entry->d_name;
      if (!name.ends_with(".toml") || name.starts_with('.')) continue;
      files[std::string(name)] = directory + '/' + std::string(name);
    }
    ::closedir(open);
  }
  return files;
}

}  // namespace

bool DeviceFilter::matches(std::string_view of_vendor, std::string_view of_model,
                           std::string_view key) const {
  return pattern_matches(vendor, of_vendor) && pattern_matches(model, of_model) &&
         pattern_matches(device, key);
}

std::string RefusedCheck::sentence() const {
  return file + (line > 0 ? ':' + std::to_string(line) : "") + ": " +
         (name.empty() ? "" : "check '" + name + "' is not used: ") + why;
}

void parse_checks(std::string_view text, const std::string& path, CheckDefinitions& out) {
  Lines lines;
  take_file(text, path, out, lines);
}

CheckDefinitions load_checks(const std::vector<std::string>& directories) {
  CheckDefinitions out;
  std::map<std::string, std::string> taken;
  for (const auto& [name, path] : files_of(directories, out.refused)) {
    std::string why = why_untrusted(path);
    const auto text = read_file(path, kFileBytesMax);
    if (why.empty() && !text) why = text.error().message;
    if (!why.empty()) {
      out.refused.push_back({path, 0, "", why});
      continue;
    }
    Lines lines;
    const size_t commands = out.commands.size();
    const size_t rules = out.rules.size();
    take_file(*text, path, out, lines);
    drop_unusable(path, commands, out.commands, lines.commands, taken, out.refused);
    drop_unusable(path, rules, out.rules, lines.rules, taken, out.refused);
  }
  return out;
}

}  // namespace farmhand
