// SPDX-License-Identifier: Apache-2.0
// MIG instances as slices: what a job can open alone is a compute instance in its GPU instance.
#pragma once

#include <farmhand/slice.hh>

#include "card.hh"
#include "library.hh"

namespace farmhand::nvidia {

struct Slice {
  std::string key;      // MIG UUID
  std::string profile;  // `1g.10gb`; empty: not known
  nvml::Device device = nullptr;
  uint32_t gpu_instance = 0, compute_instance = 0;
  uint64_t memory_bytes = 0;
  uint32_t first = 0, count = 0;  // memory slices; 0: not known which
  bool occupied = false;
};

struct SliceList {
  bool divided = false;  // MIG is on: the card cannot be used as a whole
  std::vector<Slice> all;
};

// As the library shows them now. Throws FH_E_DEVICE_LOST, FH_E_PERMISSION, FH_E_INTERNAL: a list
// that is not whole would make a slice vanish. The caller uses the library.
SliceList slices_of(const Card& card, const nvml::Api& api);

struct Profile {
  std::string name;  // `1g.10gb`
  uint32_t id = 0, slices = 0, instances = 0;
  uint64_t memory_bytes = 0;
};

// What the card offers, also while it is not divided. The caller uses the library.
std::vector<Profile> profiles_of(const Card& card, const nvml::Api& api);

// Whether MIG is on. The caller uses the library.
bool is_divided(const Card& card, const nvml::Api& api);

// Throws what a code of the library means for a whole call.
void require(const Card& card, nvml::Ret code, const char* what);

void list_slices(Call& call, const Card& card, Nvml& library);
void list_profiles(Call& call, const Card& card, Nvml& library);

}  // namespace farmhand::nvidia
