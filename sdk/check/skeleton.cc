// SPDX-License-Identifier: Apache-2.0
#include "skeleton.hh"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>

#include "skeleton_files.hh"

namespace farmhand::check {

namespace {

bool is_id(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), fits);
}

std::string filled(std::string text, const Skeleton& skeleton) {
  const std::pair<std::string, std::string> words[] = {{"@NAME@", skeleton.name},
                                                       {"@VENDOR@", skeleton.vendor}};
  for (const auto& [word, value] : words) {
    for (size_t at = 0; (at = text.find(word, at)) != text.npos; at += value.size()) {
      text.replace(at, word.size(), value);
    }
  }
  return text;
}

bool write_file(const std::string& path, const std::string& text) {
  FILE* const file = fopen(path.c_str(), "wx");
  const bool good = file != nullptr && fputs(text.c_str(), file) >= 0;
  if (file != nullptr && fclose(file) == 0 && good) return true;
  fprintf(stderr, "farmhand-plugin-check: cannot write '%s': %s\n", path.c_str(), strerror(errno));
  return false;
}

bool make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0) return true;
  fprintf(stderr, "farmhand-plugin-check: cannot make the folder '%s': %s\n", path.c_str(),
          strerror(errno));
  return false;
}

}  // namespace

int make_project(const Skeleton& skeleton) {
  if (!is_id(skeleton.name) || !is_id(skeleton.vendor)) {
    fprintf(stderr,
            "farmhand-plugin-check: name and vendor have only lower case letters, digits "
            "and '-', and begin with a letter\n");
    return 2;
  }
  const std::string folder = skeleton.folder + "/" + skeleton.name;
  const auto fill = [&](const char* text) { return filled(text, skeleton); };
  const bool made =
      make_folder(folder) && make_folder(folder + "/fake") && make_folder(folder + "/fake/card0") &&
      write_file(folder + "/fake/card0/serial", "SN-0001\n") &&
      write_file(folder + "/fake/card0/temp1_input", "41500\n") &&
      write_file(folder + "/" + skeleton.name + ".cc", fill(kPluginSource)) &&
      write_file(folder + "/README.md", fill(skeleton.meson ? kMesonReadme : kMakeReadme)) &&
      write_file(folder + (skeleton.meson ? "/meson.build" : "/Makefile"),
                 fill(skeleton.meson ? kMesonBuild : kMakefile));
  if (!made) return 2;
  printf("%s: a plugin that reads its devices from a folder; %s/README.md says how to go on\n",
         folder.c_str(), folder.c_str());
  return 0;
}

}  // namespace farmhand::check
