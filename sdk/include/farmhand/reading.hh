// SPDX-License-Identifier: Apache-2.0
// One value on its way from a source to a sample: the number, or why there is none. What could not
// be read never has a number, so that nothing can take it for zero.
#pragma once

#include <errno.h>

#include <algorithm>

#include "farmhand/call.hh"

namespace farmhand {

struct Reading {
  int32_t status = FH_SAMPLE_UNKNOWN;
  double value = 0;

  bool ok() const { return status == FH_SAMPLE_OK; }
};

// A value that is not finite is the source's nonsense.
inline Reading good(double value) {
  if (!std::isfinite(value)) return {FH_SAMPLE_ERROR, 0};
  return {FH_SAMPLE_OK, value};
}

inline Reading no_reading(int32_t status) {
  return {status, 0};
}

// In another unit: `scaled(millidegrees, 1e-3)`.
inline Reading scaled(const Reading& reading, double factor) {
  return reading.ok() ? good(reading.value * factor) : reading;
}

// Outside of what is physically possible it is an error, not a number.
inline Reading within(const Reading& reading, double least, double most) {
  const bool possible = reading.value >= least && reading.value <= most;
  return !reading.ok() || possible ? reading : no_reading(FH_SAMPLE_ERROR);
}

inline void give(Call& call, uint32_t id, const Reading& reading) {
  call.sample_with_status(id, reading.status, reading.value, 0);
}

// What errno says about a reading. Nothing here gives `stale`: that is a value the source still
// shows although it is old, and a failed read has no value.
//   EINVAL  is what /sys answers for what makes no sense now, such as the speed of a link that is
//           down (linux drivers/pci/pci-sysfs.c, current_link_speed_show)
//   EAGAIN, EBUSY, ENODATA, ETIMEDOUT  a sensor that has nothing at the moment
inline int32_t status_from_errno(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
    case EOPNOTSUPP:
    case EINVAL:
      return FH_SAMPLE_NOT_SUPPORTED;
    case EACCES:
    case EPERM:
      return FH_SAMPLE_NO_PERMISSION;
    case EAGAIN:
    case EBUSY:
    case ENODATA:
    case ETIMEDOUT:
      return FH_SAMPLE_UNKNOWN;
    default:
      return FH_SAMPLE_ERROR;
  }
}

// The same in words, for sentences.
inline const char* name_of_status(int32_t status) {
  switch (status) {
    case FH_SAMPLE_OK:
      return "read";
    case FH_SAMPLE_NOT_SUPPORTED:
      return "not offered by the driver";
    case FH_SAMPLE_NO_PERMISSION:
      return "not readable by the plugin's user";
    case FH_SAMPLE_STALE:
      return "old";
    case FH_SAMPLE_ERROR:
      return "not plausible or failing to read";
    default:
      return "not known at the moment";
  }
}

}  // namespace farmhand
