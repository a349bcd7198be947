// SPDX-License-Identifier: Apache-2.0
// `memory.ecc`: memory errors as EDAC counts them, without any daemon. `pcie.errors`: AER counters
// of bridges, disks and network adapters; an accelerator's own counters are its plugin's, but the
// port above it is looked at here too, for not every vendor's plugin does.
#include <farmhand/pci.hh>
#include <farmhand/watch.hh>
#include <map>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr uint64_t kHourNs = 3'600'000'000'000;
constexpr uint64_t kTenMinutesNs = 600'000'000'000;
// An error now and then is why there is ECC. This many within an hour come from a weak module.
constexpr double kCorrectedMost = 100;
// A PCI Express link may lose one bit in 10^12 (a few a second at 32 GT/s x16) and repeat it; what
// is counted is mostly none at all.
constexpr double kLinkCorrectedMost = 1000;

class MemoryErrors : public Check {
 public:
  explicit MemoryErrors(const Roots& roots) : class_(roots.sys + "/devices/system/edac/mc/") {}

  // linux Documentation/admin-guide/RAS/main.rst, EDAC
  void look(Call& call) override {
    Worst worst("memory.ecc");
    bool any = false;
    for (const std::string& name : names_in(class_)) {
      if (!name.starts_with("mc") || !exists(class_ + name + "/ue_count")) continue;
      any = true;
      look_at(name, &worst);
    }
    if (any) worst.emit(call);
  }

 private:
  struct Seen {
    Growth uncorrected;
    Burst corrected{kHourNs};
  };

  void look_at(const std::string& name, Worst* into) {
    const Reading uncorrected = read_number(class_ + name + "/ue_count");
    const Reading corrected = read_number(class_ + name + "/ce_count");
    if (!uncorrected.ok() || !corrected.ok()) {
      return into->add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                       "the error counters of " + name + " are not readable");
    }
    Seen& seen = seen_[name];
    seen.uncorrected.look(uncorrected);
    const double recent = seen.corrected.look(corrected);
    std::vector<Measure> measures = {
        {"errors.uncorrected." + name, uncorrected.value, FH_UNIT_NONE, {}, {}, 0},
        {"errors.corrected." + name, corrected.value, FH_UNIT_NONE, {}, {}, {}}};
    if (uncorrected.value > 0) {
      into->add(FH_VERDICT_FAIL, FH_REASON_NODE_MEMORY_ERRORS,
                said("%s has %.0f uncorrected errors since the boot%s", name.c_str(),
                     uncorrected.value, worst_module(name, "dimm_ue_count").c_str()),
                std::move(measures));
    } else if (recent >= kCorrectedMost) {
      into->add(FH_VERDICT_WARN, FH_REASON_NODE_MEMORY_ERRORS,
                said("%s had %.0f corrected errors within the last hour%s", name.c_str(), recent,
                     worst_module(name, "dimm_ce_count").c_str()),
                std::move(measures));
    } else {
      into->add_ok(std::move(measures));
    }
  }

  // `, most in CPU_SrcID#0_MC#0_Chan#0_DIMM#0`: what to pull out.
  std::string worst_module(const std::string& controller, const char* file) const {
    std::string label;
    double most = 0;
    const std::string folder = class_ + controller + "/";
    for (const std::string& name : names_in(folder)) {
      const double count = read_number(folder + name + "/" + file).value;
      if (!name.starts_with("dimm") && !name.starts_with("rank")) continue;
      if (count <= most) continue;
      most = count;
      label = word_in_file(folder + name + "/dimm_label");
      if (label.empty()) label = name;
    }
    return label.empty() ? "" : ", most in " + label.substr(0, 64);
  }

  std::string class_;
  std::map<std::string, Seen> seen_;
};

class BusErrors : public Check {
 public:
  explicit BusErrors(const Roots& roots) : devices_(roots.sys + "/bus/pci/devices/") {}

  void look(Call& call) override {
    Worst worst("pcie.errors");
    for (const std::string& address : names_in(devices_)) look_at(address, &worst);
    if (!seen_.empty()) worst.emit(call);
  }

 private:
  struct Seen {
    bool ours = false;  // what a device is does not change while it has its address
    Burst fatal{kTenMinutesNs}, nonfatal{kTenMinutesNs}, corrected{kTenMinutesNs};
  };

  // Everything with counters except accelerators (base class 0x12) and displays (0x03).
  bool is_ours(const std::string& folder) const {
    const uint64_t base = find_hex(folder + "/class").value_or(0) >> 16;
    return base != 0x12 && base != 0x03;
  }

  void look_at(const std::string& address, Worst* into) {
    const std::string folder = devices_ + address;
    auto found = seen_.find(address);
    if (found == seen_.end()) {
      if (!exists(folder + "/aer_dev_fatal")) return;
      found = seen_.try_emplace(address).first;
      found->second.ours = is_ours(folder);
    }
    if (!found->second.ours) return;
    const PciErrors now = read_errors(folder);
    if (!now.fatal.ok() || !now.nonfatal.ok() || !now.corrected.ok()) {
      const bool gone = now.fatal.status == FH_SAMPLE_NOT_SUPPORTED;
      if (gone) return void(seen_.erase(found));
      return into->add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                       "the error counters of " + address + " are not readable");
    }
    judge(address, now, &found->second, into);
  }

  // What was counted before we came is the boot's, which knocks at every door.
  static void judge(const std::string& address, const PciErrors& now, Seen* seen, Worst* into) {
    const double fatal = seen->fatal.look(now.fatal);
    const double nonfatal = seen->nonfatal.look(now.nonfatal);
    const double corrected = seen->corrected.look(now.corrected);
    const Measure all[] = {
        {"fatal" + dotted(address), fatal, FH_UNIT_NONE, address, {}, 0},
        {"nonfatal" + dotted(address), nonfatal, FH_UNIT_NONE, address, {}, 0},
        {"corrected" + dotted(address), corrected, FH_UNIT_NONE, address, {}, kLinkCorrectedMost}};
    // A warning all the same: what hangs below it is lost or reset, the node goes on.
    if (fatal > 0) {
      into->add(FH_VERDICT_WARN, FH_REASON_LINK_FATAL,
                said("%s counted %.0f fatal errors within ten minutes", address.c_str(), fatal),
                {all[0]});
    } else if (nonfatal > 0) {
      into->add(
          FH_VERDICT_WARN, FH_REASON_LINK_ERRORS,
          said("%s counted %.0f uncorrected errors within ten minutes", address.c_str(), nonfatal),
          {all[1]});
    } else if (corrected >= kLinkCorrectedMost) {
      into->add(
          FH_VERDICT_WARN, FH_REASON_LINK_ERRORS,
          said("%s counted %.0f corrected errors within ten minutes", address.c_str(), corrected),
          {all[2]});
    }
  }

  std::string devices_;
  std::map<std::string, Seen> seen_;
};

}  // namespace

std::unique_ptr<Check> memory_error_check(const Roots& roots) {
  return std::make_unique<MemoryErrors>(roots);
}

std::unique_ptr<Check> bus_error_check(const Roots& roots) {
  return std::make_unique<BusErrors>(roots);
}

}  // namespace farmhand::node
