// SPDX-License-Identifier: Apache-2.0
#include "slices.hh"

#include <farmhand/identity.hh>

#include <algorithm>

namespace farmhand::nvidia {

namespace {

constexpr uint32_t kSlicesMax = 64;  // seven exist on today's cards
constexpr uint64_t kMebibyte = 1 << 20;

// The name of a MIG device ends in its profile: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`.
std::string profile_of(const nvml::Api& api, nvml::Device device) {
  constexpr std::string_view kMark = " MIG ";
  char name[nvml::kNameSize + 1] = {};
  if (api.name == nullptr || api.name(device, name, nvml::kNameSize) != 0) return {};
  const std::string_view whole = text_in(name, nvml::kNameSize);
  const size_t mark = whole.rfind(kMark);
  return mark == std::string_view::npos ? std::string()
                                        : name_from(whole.substr(mark + kMark.size()));
}

// A compute instance that is only a part of its GPU instance shares that one's memory slices with
// the others, so the place of none of them is given: it would seem to exclude them.
void place(const Card& card, const nvml::Api& api, const nvml::Attributes& attributes,
           Slice* slice) {
  if (attributes.compute_slices != attributes.gpu_slices) return;
  nvml::GpuInstance instance = nullptr;
  nvml::GpuInstanceInfo info{};
  const bool known = api.gpu_instance != nullptr && api.gpu_instance_info != nullptr &&
                     api.gpu_instance(card.device, slice->gpu_instance, &instance) == 0 &&
                     api.gpu_instance_info(instance, &info) == 0;
  if (!known || info.size == 0 || info.size > 8 || info.start + info.size > 8) return;
  slice->first = info.start;
  slice->count = info.size;
}

Slice slice_of(const Card& card, const nvml::Api& api, nvml::Device device) {
  Slice slice;
  slice.device = device;
  char uuid[nvml::kUuidSize + 1] = {};
  require(card, api.uuid(device, uuid, nvml::kUuidSize), "the UUID of a MIG instance");
  slice.key = name_from(text_in(uuid, nvml::kUuidSize));
  if (slice.key.empty()) fail(FH_E_INTERNAL, "a MIG instance of %s has no UUID", card.key.c_str());
  slice.profile = profile_of(api, device);
  require(card, api.gpu_instance_id(device, &slice.gpu_instance), "a GPU instance");
  require(card, api.compute_instance_id(device, &slice.compute_instance), "a compute instance");
  nvml::Attributes attributes{};
  if (api.attributes != nullptr && api.attributes(device, &attributes) == nvml::kSuccess) {
    const bool plausible = attributes.memory_megabytes < kMebibyte;
    slice.memory_bytes = plausible ? attributes.memory_megabytes * kMebibyte : 0;
    place(card, api, attributes, &slice);
  }
  uint32_t count = 0;
  const bool asked = api.processes != nullptr;
  const nvml::Ret code = asked ? api.processes(device, &count, nullptr) : nvml::kNotSupported;
  slice.occupied = code == nvml::kInsufficientSize;
  return slice;
}

}  // namespace

void require(const Card& card, nvml::Ret code, const char* what) {
  if (code == nvml::kSuccess) return;
  const int32_t status = is_lost(code)                          ? FH_E_DEVICE_LOST
                         : code == nvml::kNoPermission          ? FH_E_PERMISSION
                         : code == nvml::kInUse                 ? FH_E_AGAIN
                         : code == nvml::kInsufficientResources ? FH_E_INVALID
                         : code == nvml::kNotSupported          ? FH_E_UNSUPPORTED
                                                                : FH_E_INTERNAL;
  throw Failure(status, card.key + ": " + what + ": " + words_of(code), code);
}

bool is_divided(const Card& card, const nvml::Api& api) {
  uint32_t now = 0, later = 0;
  if (api.mig_mode == nullptr) return false;
  const nvml::Ret code = api.mig_mode(card.device, &now, &later);
  if (status_of(code) == FH_SAMPLE_NOT_SUPPORTED) return false;
  require(card, code, "MIG mode");
  if (now > 1) fail(FH_E_INTERNAL, "%s says that its MIG mode is %u", card.key.c_str(), now);
  return now == 1;
}

SliceList slices_of(const Card& card, const nvml::Api& api) {
  if (!card.managed()) return {};
  SliceList list;
  list.divided = is_divided(card, api);
  const bool whole = api.mig_count_max != nullptr && api.mig_device != nullptr &&
                     api.gpu_instance_id != nullptr && api.compute_instance_id != nullptr;
  if (!list.divided || !whole) return list;
  uint32_t most = 0;
  require(card, api.mig_count_max(card.device, &most), "the number of MIG instances");
  for (uint32_t at = 0; at < std::min(most, kSlicesMax); ++at) {
    nvml::Device device = nullptr;
    const nvml::Ret code = api.mig_device(card.device, at, &device);
    if (code == nvml::kNotFound || code == nvml::kInvalidArgument) continue;  // a place left free
    require(card, code, "a MIG instance");
    list.all.push_back(slice_of(card, api, device));
  }
  return list;
}

void list_slices(Call& call, const Card& card, Nvml& library) {
  const Nvml::Use use(library);
  if (!use.ready() && card.managed()) fail(FH_E_AGAIN, "NVIDIA's library is being opened anew");
  for (const Slice& each : slices_of(card, library.api()).all) {
    fh_slice record = slice_record(each.key, each.profile, each.occupied ? FH_SLICE_OCCUPIED : 0);
    record.core_first = each.first;
    record.core_count = each.count;
    record.core_total = each.count > 0 ? 8 : 0;
    record.memory_bytes = each.memory_bytes;
    call.emit(record);
  }
}

std::vector<Profile> profiles_of(const Card& card, const nvml::Api& api) {
  std::vector<Profile> all;
  for (uint32_t which = 0; api.profile != nullptr && which < nvml::kProfilesMax; ++which) {
    nvml::ProfileInfo info;
    if (api.profile(card.device, which, &info) != nvml::kSuccess) continue;
    // `MIG 1g.10gb`; a device's own name has the profile without the word.
    std::string_view text = text_in(info.name, sizeof info.name);
    if (text.starts_with("MIG ")) text.remove_prefix(4);
    Profile profile{name_from(text), info.id, info.slices, info.instances, 0};
    const bool plausible = info.memory_megabytes < kMebibyte;
    profile.memory_bytes = plausible ? info.memory_megabytes * kMebibyte : 0;
    const bool twice = std::any_of(all.begin(), all.end(),
                                   [&](const Profile& each) { return each.name == profile.name; });
    if (profile.name.empty() || profile.instances > kSlicesMax || twice) continue;
    all.push_back(std::move(profile));
  }
  return all;
}

void list_profiles(Call& call, const Card& card, Nvml& library) {
  const Nvml::Use use(library);
  if (!card.managed() || !use.ready()) return;
  for (const Profile& each : profiles_of(card, library.api())) {
    fh_slice_profile record =
        profile_record(each.name, each.slices, each.instances, "A MIG instance of this size.");
    record.memory_bytes = each.memory_bytes;
    call.emit(record);
  }
}

}  // namespace farmhand::nvidia
