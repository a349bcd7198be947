// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hh"

#include <functional>
#include <set>
#include <vector>

namespace farmhand::cli {

namespace {

struct Word {
  std::string text;
  std::string help;
};

// One place in the tree of commands: what may stand there next.
struct Place {
  std::string path;  // ` fleet devices`; empty: right after the program's name
  std::vector<Word> commands;
  std::vector<Word> options;
};

struct Tree {
  std::vector<Place> places;
  std::set<std::string> file_options;   // take a file or a folder
  std::set<std::string> other_options;  // take something no shell can guess
};

void add_options(Tree& tree, Place& place, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string name = "--" + option->get_lnames().front();
    place.options.push_back({name, option->get_description()});
    if (option->get_expected_min() == 0) continue;  // a flag
    const std::string type = option->get_type_name();
    (type == "FILE" || type == "DIR" ? tree.file_options : tree.other_options).insert(name);
  }
  // An option group is a nameless subcommand whose options are its parent's.
  for (const CLI::App* group : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (group->get_name().empty()) add_options(tree, place, *group);
  }
}

void walk(Tree& tree, const CLI::App& app, const std::string& path,
          std::vector<const CLI::App*> above) {
  Place place{.path = path, .commands = {}, .options = {}};
  add_options(tree, place, app);
  for (const CLI::App* parent : above) {
    Place inherited;
    add_options(tree, inherited, *parent);
    for (Word& option : inherited.options) {
      if (option.text != "--help" && option.text != "--version") place.options.push_back(option);
    }
  }
  above.insert(above.begin(), &app);
  const auto commands =
      app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); });
  for (const CLI::App* command : commands) {
    place.commands.push_back({command->get_name(), command->get_description()});
  }
  tree.places.push_back(place);
  for (const CLI::App* command : commands) {
    walk(tree, *command, path + " " + command->get_name(), above);
  }
}

template <typename Words, typename Text>
std::string joined(const Words& words, std::string_view between, const Text& text) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : between).append(text(word));
  return out;
}

std::string alternatives(const std::set<std::string>& words) {
  return joined(words, "|", [](const std::string& word) { return word; });
}

// All paths but the first, which is the program alone.
std::string paths_of(const Tree& tree, std::string_view between) {
  return joined(std::vector<Place>(tree.places.begin() + 1, tree.places.end()), between,
                [](const Place& place) { return "\"" + place.path + "\""; });
}

std::string bash_from(const Tree& tree) {
  std::string out =
      "# bash completion for farmhand, written by 'farmhand completion bash'.\n"
      "_farmhand() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} at= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$at ${COMP_WORDS[i]}\" in\n      " +
      paths_of(tree, "|") +
      ")\n        at=\"$at ${COMP_WORDS[i]}\" ;;\n    esac\n  done\n"
      "  case ${COMP_WORDS[COMP_CWORD-1]} in\n    " +
      alternatives(tree.file_options) +
      ")\n      compopt -o filenames\n      COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n   "
      " " +
      alternatives(tree.other_options) + ") return ;;\n  esac\n  case $at in\n";
  for (const Place& place : tree.places) {
    std::vector<Word> words = place.commands;
    words.insert(words.end(), place.options.begin(), place.options.end());
    out += "    \"" + place.path + "\") words=\"" +
           joined(words, " ", [](const Word& word) { return word.text; }) + "\" ;;\n";
  }
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
         "complete -o default -F _farmhand farmhand\n";
}

std::string single_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string zsh_from(const Tree& tree) {
  const auto described = [](const Word& word) {
    return single_quoted(word.text + ":" + word.help);
  };
  std::string out =
      "#compdef farmhand\n"
      "# zsh completion for farmhand, written by 'farmhand completion zsh'.\n"
      "_farmhand() {\n"
      "  local at= i\n  local -a commands options\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$at ${words[i]}\" in\n      " +
      paths_of(tree, "|") +
      ")\n        at=\"$at ${words[i]}\" ;;\n    esac\n  done\n"
      "  case ${words[CURRENT-1]} in\n    " +
      alternatives(tree.file_options) + ") _files; return ;;\n    " +
      alternatives(tree.other_options) + ") return ;;\n  esac\n  case $at in\n";
  for (const Place& place : tree.places) {
    out += "    \"" + place.path + "\")\n      commands=(" +
           joined(place.commands, "\n        ", described) + ")\n      options=(" +
           joined(place.options, "\n        ", described) + ") ;;\n";
  }
  return out +
         "  esac\n  _describe -t commands command commands\n"
         "  _describe -o -t options option options\n  _files\n}\n_farmhand \"$@\"\n";
}

std::string fish_from(const Tree& tree) {
  std::string out =
      "# fish completion for farmhand, written by 'farmhand completion fish'.\n"
      "function __farmhand_at\n    set -l at\n"
      "    for word in (commandline -opc)[2..-1]\n        switch \"$at $word\"\n            case " +
      paths_of(tree, " ") +
      "\n                set at \"$at $word\"\n        end\n    end\n"
      "    test \"$at\" = \"$argv[1]\"\nend\n";
  for (const Place& place : tree.places) {
    const std::string begin = "complete -c farmhand -n '__farmhand_at \"" + place.path + "\"' ";
    for (const Word& command : place.commands) {
      out += begin + "-f -a " + command.text + " -d " + single_quoted(command.help) + "\n";
    }
    for (const Word& option : place.options) {
      const bool file = tree.file_options.contains(option.text);
      const bool other = tree.other_options.contains(option.text);
      out += begin + "-l " + option.text.substr(2) +
             (file    ? " -r -F"
              : other ? " -x"
                      : " -f") +
             " -d " + single_quoted(option.help) + "\n";
    }
  }
  return out;
}

}  // namespace

Result<std::string> completion_for(std::string_view shell, const CLI::App& app) {
  Tree tree;
  walk(tree, app, "", {});
  if (shell == "bash") return bash_from(tree);
  if (shell == "zsh") return zsh_from(tree);
  if (shell == "fish") return fish_from(tree);
  return Error{Errc::kUnsupported, "no completion for '" + std::string(shell) + "'"};
}

}  // namespace farmhand::cli
