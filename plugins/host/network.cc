// SPDX-License-Identifier: Apache-2.0
// /proc/net/dev for the counters of all links in one read; /sys/class/net for speed and carrier.
#include <errno.h>

#include <algorithm>

#include "file.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// The counters stand in the order of their columns below.
// clang-format off
constexpr Quantity kQuantities[] = {
    {"network.received.bytes", FH_METRIC_COUNTER, FH_UNIT_BYTE, "link", "Bytes received."},
    {"network.received.packets", FH_METRIC_COUNTER, FH_UNIT_NONE, "link", "Packets received."},
    {"network.received.errors", FH_METRIC_COUNTER, FH_UNIT_NONE, "link", "Packets received broken."},
    {"network.received.drops", FH_METRIC_COUNTER, FH_UNIT_NONE, "link", "Packets received and dropped."},
    {"network.sent.bytes", FH_METRIC_COUNTER, FH_UNIT_BYTE, "link", "Bytes sent."},
    {"network.sent.packets", FH_METRIC_COUNTER, FH_UNIT_NONE, "link", "Packets sent."},
    {"network.sent.errors", FH_METRIC_COUNTER, FH_UNIT_NONE, "link", "Packets that could not be sent."},
    {"network.sent.drops", FH_METRIC_COUNTER, FH_UNIT_NONE, "link", "Packets dropped before sending."},
    {"network.speed", FH_METRIC_GAUGE, FH_UNIT_BYTE_PER_SECOND, "link", "What the link can carry."},
    {"network.up", FH_METRIC_GAUGE, FH_UNIT_NONE, "link", "1 with a carrier, 0 without."},
};
// clang-format on
constexpr size_t kColumns[] = {0, 1, 2, 3, 8, 9, 10, 11};
constexpr size_t kColumnCount = 16;
constexpr size_t kSpeed = 8;
constexpr size_t kUp = 9;
constexpr double kBytesPerMegabit = 125'000;

struct Link {
  std::string name;
  File speed;
  File carrier;
};

class Network : public Source {
 public:
  Network(const Roots& roots, std::vector<std::string> skip)
      : dev_(roots.proc + "/net/dev"), net_(roots.sys + "/class/net/"), skip_(std::move(skip)) {}

  void declare() override {
    links_.clear();
    std::vector<std::string> names;
    std::string_view text = dev_.read().text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const std::string_view name = name_in(&line);
      if (is_wanted(name)) names.emplace_back(name);
    }
    for (const std::string& name : names) {
      if (find(name) != links_.size()) continue;
      links_.push_back({name, File(net_ + name + "/speed"), File(net_ + name + "/carrier")});
      for (const Quantity& quantity : kQuantities) add(quantity, name);
    }
  }

  void read() override {
    const Content dev = dev_.read();
    set_all(dev.status == FH_SAMPLE_OK ? FH_SAMPLE_UNKNOWN : dev.status);
    std::string_view text = dev.text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const size_t link = find(name_in(&line));
      if (link < links_.size()) read_line(line, link * std::size(kQuantities));
    }
    for (size_t i = 0; i < links_.size(); ++i) {
      read_speed(&links_[i].speed, &slot(i * std::size(kQuantities) + kSpeed));
      read_up(&links_[i].carrier, &slot(i * std::size(kQuantities) + kUp));
    }
  }

 private:
  // `  eth0: 1234 …`: the number may follow the colon without a blank. Heads have no colon.
  static std::string_view name_in(std::string_view* line) {
    const size_t colon = line->find(':');
    if (colon == std::string_view::npos) return {};
    std::string_view name = line->substr(0, colon);
    line->remove_prefix(colon + 1);
    return take_word(&name);
  }

  bool is_wanted(std::string_view name) const {
    const auto is_match = [name](const std::string& pattern) { return matches(pattern, name); };
    return !name.empty() && std::none_of(skip_.begin(), skip_.end(), is_match);
  }

  size_t find(std::string_view name) const {
    size_t at = 0;
    while (at < links_.size() && links_[at].name != name) ++at;
    return at;
  }

  void read_line(std::string_view line, size_t first) {
    double column[kColumnCount];
    bool good = true;
    for (double& each : column) {
      const auto number = number_from(take_word(&line));
      good = good && number.has_value();
      each = number.value_or(0);
    }
    for (size_t at = 0; at < std::size(kColumns); ++at) {
      if (good) slot(first + at).set(column[kColumns[at]]);
      if (!good) slot(first + at).status = FH_SAMPLE_ERROR;
    }
  }

  // Virtual links answer -1 or refuse; so does a link that is down.
  static void read_speed(File* file, Slot* slot) {
    if (!slot->wanted) return;
    const Content speed = file->read();
    slot->status = speed.status;
    if (speed.status != FH_SAMPLE_OK) return;
    const auto megabits = only_number_in(speed.text);
    slot->status = megabits ? FH_SAMPLE_NOT_SUPPORTED : FH_SAMPLE_ERROR;
    if (megabits && *megabits > 0) slot->set(*megabits * kBytesPerMegabit);
  }

  // A link that is administratively down refuses to say: it is down.
  static void read_up(File* file, Slot* slot) {
    if (!slot->wanted) return;
    const Content carrier = file->read();
    slot->status = carrier.status;
    if (carrier.error == EINVAL) return slot->set(0);
    if (carrier.status != FH_SAMPLE_OK) return;
    const auto up = only_number_in(carrier.text);
    slot->status = FH_SAMPLE_ERROR;
    if (up) slot->set(*up != 0 ? 1 : 0);
  }

  File dev_;
  std::string net_;
  std::vector<std::string> skip_;
  std::vector<Link> links_;
};

}  // namespace

std::unique_ptr<Source> network_source(const Roots& roots, std::vector<std::string> skip) {
  return std::make_unique<Network>(roots, std::move(skip));
}

}  // namespace farmhand::node
