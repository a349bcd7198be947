// SPDX-License-Identifier: Apache-2.0
// An exception leaves the plugin through a C frame.
#include <stdexcept>

#include "farmhand/devices.h"

namespace {

int32_t create(const fh_host*, const fh_config*, void** self, fh_error*) {
  static int instance;
  *self = &instance;
  return FH_OK;
}

int32_t enumerate(void*, const fh_call*) {
  throw std::runtime_error("the vendor's library is not in the mood");
}

constexpr fh_devices kDevices = {sizeof(fh_devices), 0, &enumerate};

const void* query(void*, fh_str id) {
  const fh_str devices = {FH_DEVICES_ID, sizeof(FH_DEVICES_ID) - 1, 0};
  if (id.len != devices.len) return nullptr;
  for (uint32_t i = 0; i < id.len; ++i) {
    if (id.ptr[i] != devices.ptr[i]) return nullptr;
  }
  return &kDevices;
}

int32_t start(void*, fh_error*) {
  return FH_OK;
}
int32_t stop(void*, fh_error*) {
  return FH_OK;
}
void destroy(void*) {}

constexpr fh_descriptor kDescriptor = {
    sizeof(fh_descriptor), 0, {"bad", 3, 0}, {"acme", 4, 0}, {"1.0", 3, 0}};

}  // namespace

extern "C" {
const fh_plugin_entry farmhand_plugin_v1 = {sizeof(fh_plugin_entry),
                                            FH_ABI_MAJOR,
                                            0,
                                            0,
                                            0,
                                            &kDescriptor,
                                            create,
                                            query,
                                            start,
                                            stop,
                                            destroy};
}
