// SPDX-License-Identifier: Apache-2.0
// The credential file: `key=value` lines, so that a person can read what a node was enrolled for.
#include <sys/stat.h>

#include <cerrno>

#include "base/file.hh"
#include "sync/enroll.hh"

namespace farmhand {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string_view take_until(std::string_view& text, char stop) {
  const size_t at = std::min(text.find(stop), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = take_until(text, ',');
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

void set(Credential& credential, std::string_view key, std::string_view value) {
  if (key == "secret") credential.secret = value;
  if (key == "url") credential.url = value;
  if (key == "ca_file") credential.ca_file = value;
  if (key == "cloud") credential.cloud = value;
  if (key == "vendors") credential.vendors = split(value);
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

std::vector<std::string> partitions_of(const Credential& credential) {
  std::vector<std::string> partitions;
  for (const std::string& vendor : credential.vendors)
    partitions.push_back(lower(credential.cloud + "-" + vendor));
  return partitions;
}

Result<std::optional<Credential>> load_credential(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::optional<Credential>{};
    return error_from_errno("read '" + path + "'", errno);
  }
  if ((info.st_mode & 077) != 0)
    return Error{Errc::kPermission, "'" + path +
                                        "' can be read by others: it holds this node's secret; "
                                        "make it mode 0600, or enroll the node anew"};
  auto content = read_file(path, 64 << 10);
  if (!content) return content.error();

  Credential credential;
  std::string_view rest = *content;
  while (!rest.empty()) {
    std::string_view line = take_until(rest, '\n');
    const std::string_view key = take_until(line, '=');
    set(credential, key, line);
  }
  if (credential.secret.empty())
    return Error{Errc::kCorrupt, "'" + path + "' holds no credential; enroll the node anew"};
  return std::optional<Credential>(std::move(credential));
}

Result<void> save_credential(const std::string& path, const Credential& c) {
  const std::string content = "secret=" + c.secret + "\nurl=" + c.url + "\nca_file=" + c.ca_file +
                              "\ncloud=" + c.cloud + "\nvendors=" + joined(c.vendors) + "\n";
  return write_file_atomically(path, content, 0600);
}

Result<std::string> sync_url_from(const std::string& address) {
  std::string rest = address;
  if (const size_t scheme = rest.find("://"); scheme != std::string::npos) {
    const std::string name = rest.substr(0, scheme);
    if (name != "https" && name != "wss")
      return Error{Errc::kInvalid, "'" + address +
                                       "' is not a coordinator's address: write "
                                       "https://host:port"};
    rest = rest.substr(scheme + 3);
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string authority = rest.substr(0, slash);
  const std::string path = rest.substr(slash);
  if (authority.empty() || authority.find_first_of(" \t@?#") != std::string::npos)
    return Error{Errc::kInvalid, "'" + address + "' names no coordinator: write https://host:port"};
  const bool default_path = path.empty() || path == "/";
  return "wss://" + authority + (default_path ? "/v1/sync" : path);
}

}  // namespace farmhand
