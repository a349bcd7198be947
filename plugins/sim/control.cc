// SPDX-License-Identifier: Apache-2.0
#include "control.hh"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>

namespace farmhand::sim {

namespace {

// In the order of the enum.
constexpr std::string_view kNames[] = {"crash",
                                       "hang",
                                       "spin",
                                       "leak",
                                       "lost",
                                       "garbage",
                                       "counter_backwards",
                                       "no_permission",
                                       "slow",
                                       "dstate",
                                       "stale",
                                       "vanish",
                                       "unmanaged",
                                       "overheat",
                                       "ecc",
                                       "enumerate_hang",
                                       "enumerate_fail"};

constexpr size_t kFileBytesMax = 64 * 1024;

// The next word of `line`, which is shortened by it.
std::string_view take_word(std::string_view* line) {
  const size_t first = std::min(line->find_first_not_of(" \t\r"), line->size());
  const size_t end = std::min(line->find_first_of(" \t\r", first), line->size());
  const std::string_view word = line->substr(first, end - first);
  line->remove_prefix(end);
  return word;
}

std::string content_of(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), &fclose);
  std::string content(file ? kFileBytesMax : 0, '\0');
  if (file) content.resize(fread(content.data(), 1, content.size(), file.get()));
  return content;
}

}  // namespace

bool FaultLine::is_for(uint32_t index, std::string_view key) const {
  return target == "*" || target == key || target == std::to_string(index);
}

uint64_t FaultLine::number(uint64_t otherwise) const {
  uint64_t value = otherwise;
  std::from_chars(argument.data(), argument.data() + argument.size(), value);
  return value;
}

Control::Lines Control::lines() {
  const std::lock_guard lock(mutex_);
  if (path_.empty()) return lines_;
  struct stat now {};
  if (stat(path_.c_str(), &now) != 0) now = {};
  if (changed(now)) {
    seen_ = now;
    read_again();
  }
  return lines_;
}

// A file written twice within one tick of the kernel's clock keeps its time, so a file that was
// young when it was read is read again until it has aged.
bool Control::changed(const struct stat& now) const {
  if (now.st_ino != seen_.st_ino || now.st_size != seen_.st_size ||
      now.st_mtim.tv_sec != seen_.st_mtim.tv_sec || now.st_mtim.tv_nsec != seen_.st_mtim.tv_nsec) {
    return true;
  }
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t age_ms =
      (wall.tv_sec - now.st_mtim.tv_sec) * 1000 + (wall.tv_nsec - now.st_mtim.tv_nsec) / 1'000'000;
  return now.st_ino != 0 && age_ms >= 0 && age_ms < 50;
}

void Control::read_again() {
  std::string content = content_of(path_);
  if (content == content_) return;
  content_ = std::move(content);
  auto fresh = std::make_shared<std::vector<FaultLine>>();
  uint32_t number = 0;
  for (size_t from = 0; from < content_.size();) {
    const size_t end = std::min(content_.find('\n', from), content_.size());
    parse_line(std::string_view(content_).substr(from, end - from), ++number, fresh.get());
    from = end + 1;
  }
  lines_ = std::move(fresh);
}

void Control::parse_line(std::string_view line, uint32_t number,
                         std::vector<FaultLine>* out) const {
  line = line.substr(0, line.find('#'));
  const std::string_view target = take_word(&line);
  if (target.empty()) return;
  const std::string_view name = take_word(&line);
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    host_.warn("control file, line " + std::to_string(number) + ": no fault is called '" +
               std::string(name) + "'");
    return;
  }
  out->push_back({std::string(target), static_cast<Fault>(found - std::begin(kNames)),
                  std::string(take_word(&line))});
}

std::shared_ptr<const FaultLine> Control::find(uint32_t index, std::string_view key, Fault fault) {
  const Lines now = lines();
  for (const FaultLine& line : *now) {
    // Shares the ownership of the whole table.
    if (line.fault == fault && line.is_for(index, key)) return {now, &line};
  }
  return nullptr;
}

}  // namespace farmhand::sim
