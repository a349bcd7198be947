// SPDX-License-Identifier: Apache-2.0
// `network.fabric`: ports of InfiniBand and RoCE adapters. File names: linux
// Documentation/ABI/stable/sysfs-class-infiniband.
#include <farmhand/sysfs.hh>
#include <farmhand/watch.hh>
#include <map>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr uint64_t kWindowNs = 600'000'000'000;
constexpr double kDownsMost = 2;

class Fabric : public Check {
 public:
  explicit Fabric(const Roots& roots) : class_(roots.sys + "/class/infiniband/") {}

  void look(Call& call) override {
    const Names devices = names_in(class_);
    if (devices.names.empty()) return;
    Worst worst("network.fabric");
    for (const std::string& device : devices) {
      for (const std::string& port : names_in(class_ + device + "/ports")) {
        look_at(device + "/" + port, class_ + device + "/ports/" + port + "/", &worst);
      }
    }
    worst.emit(call);
  }

 private:
  struct Seen {
    bool active = false;
    double fastest = 0;
    Burst downs{kWindowNs};
  };

  static void bad(std::string sentence, std::vector<Measure> measures, Worst* into) {
    into->add(FH_VERDICT_WARN, FH_REASON_NODE_NETWORK, std::move(sentence), std::move(measures));
  }

  // `4: ACTIVE`, `400 Gb/sec (4X NDR)`. A port that was never active may have no cable.
  void look_at(const std::string& name, const std::string& folder, Worst* into) {
    const Text state = read_text(folder + "state");
    if (!state.ok()) return;
    Seen& seen = seen_[name];
    const double downs = seen.downs.look(read_number(folder + "counters/link_downed"));
    const bool active = state.text.starts_with("4:");
    if (!active) {
      if (!seen.active) return into->add_ok();
      return bad("port " + name + " is no longer active: " + clean(state.text), {}, into);
    }
    seen.active = true;
    const Text text = read_text(folder + "rate");
    std::string_view words = text.text;
    const double rate = number_from(take_word(&words)).value_or(0);
    seen.fastest = std::max(seen.fastest, rate);
    const Measure measure{"rate" + dotted(name),   rate * 125e6,
                          FH_UNIT_BYTE_PER_SECOND, name,
                          seen.fastest * 125e6,    {}};
    if (downs > kDownsMost) {
      bad(said("port %.60s went down %.0f times within ten minutes", name.c_str(), downs),
          {measure}, into);
    } else if (rate < seen.fastest) {
      bad(said("port %.60s runs at %g Gbit/s, not %g", name.c_str(), rate, seen.fastest), {measure},
          into);
    } else {
      into->add_ok({measure});
    }
  }

  std::string class_;
  std::map<std::string, Seen> seen_;
};

}  // namespace

std::unique_ptr<Check> fabric_check(const Roots& roots) {
  return std::make_unique<Fabric>(roots);
}

}  // namespace farmhand::node
