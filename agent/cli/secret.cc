// SPDX-License-Identifier: Apache-2.0
#include "cli/secret.hh"

#include <iostream>

#include "base/file.hh"

namespace farmhand::cli {

namespace {

std::string first_line(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  const size_t end = line.find_last_not_of(" \t\r");
  return end == std::string::npos ? std::string() : line.substr(0, end + 1);
}

}  // namespace

Result<std::string> secret_from(const std::string& path) {
  std::string line;
  if (path == "-") {
    std::getline(std::cin, line);
  } else {
    auto content = read_file(path, 64 * 1024);
    if (!content) return content.error();
    line = std::move(*content);
  }
  line = first_line(line);
  if (!line.empty()) return line;
  return Error{Errc::kInvalid, path == "-" ? "nothing on standard input"
                                           : "'" + path + "' has an empty first line"};
}

}  // namespace farmhand::cli
