// SPDX-License-Identifier: Apache-2.0
#include "groups.hh"

#include <sys/file.h>

namespace farmhand::rebellions {

namespace {

constexpr uint32_t kGroupsMost = 63;             // rblnml.h, rblnmlRsdGroupDestroyAll
constexpr uint64_t kLockWaitNs = 5'000'000'000;  // as long as the vendor's own waits
constexpr useconds_t kLockPollUs = 10'000;       // flock() itself would wait for ever

std::optional<std::pair<uint32_t, uint32_t>> member_in(std::string_view line) {
  constexpr std::string_view kPrefix = "rbln";
  const auto group = integer_from<uint32_t>(trimmed(line.substr(0, line.find(','))));
  const size_t last = line.rfind(',');
  if (!group || last == std::string_view::npos) return std::nullopt;
  const std::string_view device = trimmed(line.substr(last + 1));
  if (!device.starts_with(kPrefix)) return std::nullopt;
  const auto number = integer_from<uint32_t>(device.substr(kPrefix.size()));
  if (!number) return std::nullopt;
  return std::pair(*group, *number);
}

}  // namespace

std::optional<Groups> groups_from(std::string_view text) {
  Groups groups;
  take_line(&text);
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(&text));
    if (line.empty()) continue;
    const auto member = member_in(line);
    if (!member) return std::nullopt;
    groups[member->first].insert(member->second);
  }
  if (groups.empty()) return std::nullopt;
  return groups;
}

std::optional<Groups> read_groups(const Call& call, const Root& root, const SmiTool& tool) {
  const Text content = read_text(root / "sys/class/rebellions/rsd/rsd_group");
  if (content.ok()) {
    if (auto groups = groups_from(content.text)) return groups;
  }
  const ToolReport report = tool.report_now(call);
  Groups groups;
  for (const ToolCard& each : report.cards) {
    if (each.number && each.group) groups[*each.group].insert(*each.number);
  }
  if (groups.empty()) return std::nullopt;
  return groups;
}

uint32_t group_of(const Groups& groups, const Numbers& devices) {
  for (const auto& [group, members] : groups) {
    if (group != 0 && members == devices) return group;
  }
  return 0;
}

std::vector<uint32_t> groups_within(const Groups& groups, const Numbers& devices) {
  std::vector<uint32_t> found;
  for (const auto& [group, members] : groups) {
    if (group == 0) continue;
    const bool touches = std::any_of(members.begin(), members.end(),
                                     [&](uint32_t each) { return devices.contains(each); });
    if (!touches) continue;
    if (!std::includes(devices.begin(), devices.end(), members.begin(), members.end())) {
      fail(FH_E_INVALID,
           "RSD group %u also has devices of others: lease all of %s, or take it apart", group,
           joined(members).c_str());
    }
    found.push_back(group);
  }
  return found;
}

uint32_t free_group(const Groups& groups) {
  for (uint32_t group = 1; group <= kGroupsMost; ++group) {
    if (!groups.contains(group)) return group;
  }
  fail(FH_E_AGAIN, "all %u RSD groups are in use", kGroupsMost);
}

GroupLock::GroupLock(const Call& call, const std::string& path)
    : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  const int error = errno;
  if (fd_ < 0) {
    fail(error == EACCES || error == EPERM ? FH_E_PERMISSION : FH_E_INTERNAL,
         "cannot open '%s', which must be locked to change RSD groups: errno %d", path.c_str(),
         error);
  }
  const uint64_t until_ns = boottime_ns() + kLockWaitNs;
  while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const bool over = boottime_ns() >= until_ns || call.remaining_ns() < kLockWaitNs / 50;
    if (!over && !call.cancelled()) {
      usleep(kLockPollUs);
      continue;
    }
    close(fd_);
    fail(call.cancelled() ? FH_E_CANCELLED : FH_E_AGAIN, "another program holds '%s'",
         path.c_str());
  }
}

GroupLock::~GroupLock() {
  close(fd_);
}

}  // namespace farmhand::rebellions
