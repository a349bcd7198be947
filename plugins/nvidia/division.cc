// SPDX-License-Identifier: Apache-2.0
#include "division.hh"

#include <algorithm>

namespace farmhand::nvidia {

namespace {

constexpr uint32_t kInstancesMax = 64;  // seven exist on today's cards

struct Instance {
  nvml::GpuInstance handle = nullptr;
  std::string profile;
  bool whole = false;  // one compute instance takes all of it, as a slice of ours does
};

// One division of one card, within one call.
class Division {
 public:
  Division(Call& call, const Card& card, const nvml::Api& api)
      : call_(call), card_(card), api_(api), offered_(profiles_of(card, api)) {}

  // In the order in which they fit best: the largest first.
  std::vector<Profile> wanted(std::span<const std::string> names) const {
    std::vector<Profile> all;
    for (const std::string& name : names) {
      const auto found = std::find_if(offered_.begin(), offered_.end(),
                                      [&](const Profile& each) { return each.name == name; });
      if (found == offered_.end()) {
        fail(FH_E_INVALID, "%s offers no profile '%s'", card_.key.c_str(), name.c_str());
      }
      all.push_back(*found);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Profile& a, const Profile& b) { return a.slices > b.slices; });
    return all;
  }

  // Takes away what is there and not wanted; gives what is wanted and not there.
  std::vector<Profile> clear_for(std::vector<Profile> missing) {
    std::vector<Instance> spare;
    for (Instance& each : instances()) {
      const auto same = std::find_if(missing.begin(), missing.end(), [&](const Profile& profile) {
        return each.whole && profile.name == each.profile;
      });
      if (same == missing.end()) {
        spare.push_back(std::move(each));
      } else {
        missing.erase(same);
      }
    }
    for (const Instance& each : spare) remove(each);
    return missing;
  }

  void make(const Profile& profile) {
    call_.check();
    nvml::GpuInstance instance = nullptr;
    require(card_, api_.create_gpu_instance(card_.device, profile.id, &instance),
            "making an instance; what was made before it stays");
    const auto all = compute_profiles(instance);
    const auto whole = std::find_if(all.begin(), all.end(), [&](const nvml::ComputeProfile& each) {
      return each.slices == profile.slices;
    });
    nvml::ComputeInstance compute = nullptr;
    const nvml::Ret code = whole == all.end()
                               ? nvml::kNotSupported
                               : api_.create_compute_instance(instance, whole->id, &compute);
    if (code != nvml::kSuccess) api_.destroy_gpu_instance(instance);
    require(card_, code, "making an instance's compute part; what was made before it stays");
  }

  void set_mode(bool on) {
    if (is_divided(card_, api_) == on) return;
    nvml::Ret activation = nvml::kSuccess;
    require(card_, api_.set_mig_mode(card_.device, on ? 1 : 0, &activation), "switching MIG");
    if (activation == nvml::kSuccess) return;
    fail(FH_E_AGAIN, "%s switches MIG at its next reset: drain and reset it", card_.key.c_str());
  }

 private:
  std::vector<Instance> instances() {
    std::vector<Instance> all;
    for (const Profile& profile : offered_) {
      nvml::GpuInstance handles[kInstancesMax] = {};
      uint32_t count = 0;
      const nvml::Ret code = api_.gpu_instances(card_.device, profile.id, handles, &count);
      if (code == nvml::kNotSupported) continue;
      require(card_, code, "the list of instances");
      if (count > kInstancesMax) fail(FH_E_INTERNAL, "a list of %u instances", count);
      for (uint32_t at = 0; at < count; ++at) {
        all.push_back({handles[at], profile.name, is_whole(handles[at], profile.slices)});
      }
    }
    return all;
  }

  std::vector<nvml::ComputeProfile> compute_profiles(nvml::GpuInstance instance) {
    std::vector<nvml::ComputeProfile> all;
    for (uint32_t which = 0; which < nvml::kComputeProfilesMax; ++which) {
      nvml::ComputeProfile profile{};
      const nvml::Ret code = api_.compute_profile(instance, which, nvml::kEnginesShared, &profile);
      if (code == nvml::kSuccess) all.push_back(profile);
    }
    return all;
  }

  std::vector<nvml::ComputeInstance> parts(nvml::GpuInstance instance, uint32_t profile) {
    std::vector<nvml::ComputeInstance> handles(kInstancesMax);
    uint32_t count = 0;
    require(card_, api_.compute_instances(instance, profile, handles.data(), &count),
            "the list of compute instances");
    if (count > kInstancesMax) fail(FH_E_INTERNAL, "a list of %u compute instances", count);
    handles.resize(count);
    return handles;
  }

  bool is_whole(nvml::GpuInstance instance, uint32_t slices) {
    for (const nvml::ComputeProfile& each : compute_profiles(instance)) {
      if (each.slices == slices && parts(instance, each.id).size() == 1) return true;
    }
    return false;
  }

  void remove(const Instance& instance) {
    call_.check();
    for (const nvml::ComputeProfile& each : compute_profiles(instance.handle)) {
      for (const nvml::ComputeInstance part : parts(instance.handle, each.id)) {
        require(card_, api_.destroy_compute_instance(part), "taking an instance away");
      }
    }
    require(card_, api_.destroy_gpu_instance(instance.handle), "taking an instance away");
  }

  Call& call_;
  const Card& card_;
  const nvml::Api& api_;
  std::vector<Profile> offered_;
};

}  // namespace

void divide_card(Call& call, const Card& card, Nvml& library,
                 std::span<const std::string> profiles) {
  const Nvml::Use use(library);
  const nvml::Api& api = library.api();
  const bool offered = api.profile != nullptr && api.set_mig_mode != nullptr &&
                       api.gpu_instances != nullptr && api.create_gpu_instance != nullptr &&
                       api.destroy_gpu_instance != nullptr && api.compute_profile != nullptr &&
                       api.compute_instances != nullptr && api.create_compute_instance != nullptr &&
                       api.destroy_compute_instance != nullptr;
  if (!card.managed() || !use.ready() || !offered) {
    fail(FH_E_UNSUPPORTED, "%s cannot be divided with this library", card.key.c_str());
  }
  Division division(call, card, api);
  std::vector<Profile> wanted = division.wanted(profiles);
  if (wanted.empty() && !is_divided(card, api)) return;
  division.set_mode(true);
  for (const Profile& each : division.clear_for(std::move(wanted))) division.make(each);
  if (profiles.empty()) division.set_mode(false);
}

}  // namespace farmhand::nvidia
