// SPDX-License-Identifier: Apache-2.0
// `network`: links that carried traffic and lost their carrier, run slower than they did, or come
// and go; and links that the operator expects. A port that was never plugged in is well, and so is
// one that somebody took down, or moved into a container's network.
#include <farmhand/sysfs.hh>
#include <farmhand/watch.hh>
#include <map>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr int64_t kUp = 1;  // IFF_UP, netdevice(7): somebody wants it up
constexpr uint64_t kFlapWindowNs = 600'000'000'000;
// Each loss of the carrier counts two changes; a cable pulled and plugged in is one of them.
constexpr double kFlapsMost = 6;

// `eth0`, or `eth0:25000` with the least speed in Mbit/s.
struct Expected {
  std::string name;
  double least = 0;
};

Expected expected_from(const std::string& text) {
  const size_t colon = std::min(text.rfind(':'), text.size());
  const auto least = colon == text.size() ? std::nullopt : number_from(text.substr(colon + 1));
  if (colon != text.size() && !least) {
    fail(FH_E_INVALID, "setting 'links_expected' has '%s': write eth0 or eth0:25000 (Mbit/s)",
         text.c_str());
  }
  return {text.substr(0, colon), least.value_or(0)};
}

class Links : public Check {
 public:
  Links(const Roots& roots, const Settings& settings)
      : net_(roots.sys + "/class/net/"),
        skip_(settings.list("links_skip", "lo,veth*,cali*,ifb*,dummy*")) {
    for (const std::string& each : settings.list("links_expected")) {
      expected_.push_back(expected_from(each));
    }
  }

  void look(Call& call) override {
    const Names names = names_in(net_);
    if (names.status == FH_SAMPLE_NOT_SUPPORTED && expected_.empty()) return;
    Worst worst("network");
    if (!names.ok() && names.status != FH_SAMPLE_NOT_SUPPORTED) {
      worst.add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED, "the network links are not readable");
    }
    for (const Expected& each : expected_) {
      if (exists(net_ + each.name)) continue;
      bad(FH_VERDICT_FAIL, "the expected link " + each.name + " is not there", {}, &worst);
    }
    for (const std::string& name : names) {
      if (is_watched(name)) look_at(name, &worst);
    }
    worst.emit(call);
  }

 private:
  struct Seen {
    bool up = false;
    double fastest = 0;
    Burst changes{kFlapWindowNs};
  };

  static void bad(int32_t verdict, std::string sentence, std::vector<Measure> measures,
                  Worst* into) {
    into->add(verdict, FH_REASON_NODE_NETWORK, std::move(sentence), std::move(measures));
  }

  const Expected* find_expected(const std::string& name) const {
    for (const Expected& each : expected_) {
      if (each.name == name) return &each;
    }
    return nullptr;
  }

  // Ports of hardware, bonds, and what is expected; bridges and tunnels live from those.
  bool is_watched(const std::string& name) const {
    if (find_expected(name) != nullptr) return true;
    for (const std::string& pattern : skip_) {
      if (matches(pattern, name)) return false;
    }
    return exists(net_ + name + "/device") || exists(net_ + name + "/bonding");
  }

  void look_at(const std::string& name, Worst* into) {
    const std::string folder = net_ + name + "/";
    const Expected* expected = find_expected(name);
    const bool wanted = (find_hex(folder + "flags").value_or(0) & kUp) != 0;
    const bool up = read_number(folder + "carrier").value == 1;
    Seen& seen = seen_[name];
    // Since the boot, so that a link is missed that was lost before we came.
    seen.up = seen.up || up || read_number(folder + "carrier_up_count").value > 0;
    const double changes = seen.changes.look(read_number(folder + "carrier_changes"));
    if (!up) {
      if (!wanted && expected == nullptr) return into->add_ok();
      if (expected != nullptr) return bad(FH_VERDICT_FAIL, name + " has no carrier", {}, into);
      if (seen.up) return bad(FH_VERDICT_WARN, name + " lost its carrier", {}, into);
      return into->add_ok();
    }
    if (changes >= kFlapsMost) {
      bad(FH_VERDICT_WARN,
          said("%.40s changed its carrier %.0f times within ten minutes", name.c_str(), changes),
          {{"changes" + dotted(name), changes, FH_UNIT_NONE, name, {}, kFlapsMost}}, into);
    }
    judge_speed(name, read_number(folder + "speed"), expected, &seen, into);
  }

  // Virtual links say -1 or refuse.
  static void judge_speed(const std::string& name, const Reading& speed, const Expected* expected,
                          Seen* seen, Worst* into) {
    const double least = expected != nullptr ? expected->least : 0;
    if (!speed.ok() || speed.value <= 0) return into->add_ok();
    seen->fastest = std::max(seen->fastest, speed.value);
    const double wanted = least > 0 ? least : seen->fastest;
    const Measure measure{"speed" + dotted(name),  speed.value * 125'000,
                          FH_UNIT_BYTE_PER_SECOND, name,
                          wanted * 125'000,        {}};
    if (speed.value >= wanted) return into->add_ok({measure});
    bad(FH_VERDICT_WARN,
        said("%.40s runs at %.0f Mbit/s, not %.0f", name.c_str(), speed.value, wanted), {measure},
        into);
  }

  std::string net_;
  std::vector<std::string> skip_;
  std::vector<Expected> expected_;
  std::map<std::string, Seen> seen_;
};

}  // namespace

std::unique_ptr<Check> link_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Links>(roots, settings);
}

}  // namespace farmhand::node
