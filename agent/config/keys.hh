// SPDX-License-Identifier: Apache-2.0
// A table of keys: the one place that says a key's name, type, default, effect and meaning.
// Reading, writing, comparing and the documentation all follow it. Internal to this folder.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/agent_config.hh"
#include "config/problems.hh"
#include "config/toml.hh"
#include "config/types.hh"

namespace farmhand {

template <typename Config>
struct Key {
  KeyDoc doc;
  std::function<void(const toml::Value&, const std::string& name, Config&, Problems&)> apply;
  std::function<std::string(const Config&)> render;

  std::string_view section() const {
    return std::string_view(doc.name).substr(0, doc.name.rfind('.'));
  }
  std::string_view member() const {
    return std::string_view(doc.name).substr(doc.name.rfind('.') + 1);
  }
};

template <typename Config>
using Keys = std::vector<Key<Config>>;

// `field` is a generic lambda that gives the member, of a const Config too.
template <typename Config, typename T, typename Field>
Key<Config> key(std::string name, ValueType<T> type, Field field, Effect effect, std::string help) {
  const Config defaults{};
  return {
      {std::move(name), type.word, type.write(field(defaults)), std::move(help), effect},
      [read = type.read, field](const toml::Value& value, const std::string& full, Config& config,
                                Problems& problems) { read(value, full, field(config), problems); },
      [write = type.write, field](const Config& config) { return write(field(config)); }};
}

// Tells of a key that nobody knows: the nearest name, or the section it belongs to.
template <typename Config>
void refuse_unknown(const toml::Value& member, const std::string& name, std::string_view section,
                    const Keys<Config>& keys, Problems& problems) {
  std::string sentence = "unknown key '" + member.key + "' in [" + name + "]";
  std::vector<std::string_view> siblings;
  std::string elsewhere;
  for (const Key<Config>& known : keys) {
    if (known.section() == section) siblings.push_back(known.member());
    if (known.member() == member.key) elsewhere = known.section();
  }
  if (names_a_secret(member.key)) {
    sentence +=
        "; secrets do not belong in this file: `farmhand enroll` keeps them in the state "
        "directory";
  } else if (!elsewhere.empty()) {
    sentence += "; it belongs in [" + elsewhere + "]";
  } else {
    sentence += did_you_mean(member.key, siblings);
  }
  problems.add(member.line, sentence);
}

// Applies the members of one section, `name` in sentences and `section` in the table.
template <typename Config>
void apply_section(const toml::Value& table, const std::string& name, std::string_view section,
                   const Keys<Config>& keys, Config& config, Problems& problems) {
  for (const toml::Value& member : table.items) {
    bool known = false;
    for (const Key<Config>& one : keys) {
      if (one.section() != section || one.member() != member.key) continue;
      one.apply(member, name + '.' + member.key, config, problems);
      known = true;
      break;
    }
    if (!known) refuse_unknown(member, name, section, keys, problems);
  }
}

template <typename Config>
std::vector<std::string_view> sections_of(const Keys<Config>& keys) {
  std::vector<std::string_view> sections;
  for (const Key<Config>& one : keys) {
    if (sections.empty() || sections.back() != one.section()) sections.push_back(one.section());
  }
  return sections;
}

// One top-level entry that is none of the file's sections.
template <typename Config>
void refuse_section(const toml::Value& member, const Keys<Config>& keys, Problems& problems) {
  if (member.type == toml::Type::kTable) {
    const std::string_view best = nearest(member.key, sections_of(keys));
    problems.add(member.line,
                 "unknown section [" + member.key + "]" +
                     (best.empty() ? "" : "; did you mean [" + std::string(best) + "]?"));
    return;
  }
  std::string sentence = "unknown key '" + member.key + "' outside of a section";
  for (const Key<Config>& known : keys) {
    if (known.member() != member.key) continue;
    sentence += "; it belongs in [" + std::string(known.section()) + "]";
    break;
  }
  problems.add(member.line, sentence);
}

// A whole file whose sections are all in the table.
template <typename Config>
void apply_file(const toml::Value& root, const Keys<Config>& keys, Config& config,
                Problems& problems) {
  const auto sections = sections_of(keys);
  for (const toml::Value& member : root.items) {
    const bool known = std::find(sections.begin(), sections.end(), member.key) != sections.end();
    if (!known || member.type != toml::Type::kTable) {
      refuse_section(member, keys, problems);
    } else {
      apply_section(member, member.key, member.key, keys, config, problems);
    }
  }
}

// `[section]` and its lines; keys without a value are left out.
template <typename Config>
std::string render_keys(const Config& config, const Keys<Config>& keys) {
  std::string out;
  std::string_view section;
  for (const Key<Config>& one : keys) {
    const std::string value = one.render(config);
    if (value.empty()) continue;
    if (one.section() != section) {
      section = one.section();
      out += (out.empty() ? "[" : "\n[") + std::string(section) + "]\n";
    }
    out += std::string(one.member()) + " = " + value + '\n';
  }
  return out;
}

template <typename Config>
std::vector<ConfigChange> diff_keys(const Config& a, const Config& b, const Keys<Config>& keys) {
  std::vector<ConfigChange> changes;
  for (const Key<Config>& one : keys) {
    if (one.render(a) != one.render(b)) changes.push_back({one.doc.name, one.doc.effect});
  }
  return changes;
}

template <typename Config>
std::vector<KeyDoc> docs_of(const Keys<Config>& keys) {
  std::vector<KeyDoc> docs;
  for (const Key<Config>& one : keys) docs.push_back(one.doc);
  return docs;
}

std::vector<std::string> names_of_restarts(const std::vector<ConfigChange>& changes);

}  // namespace farmhand
