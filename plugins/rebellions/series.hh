// SPDX-License-Identifier: Apache-2.0
// The series a device offers, and how each is read.
#pragma once

#include "look.hh"

namespace farmhand::rebellions {

// The device's table, whose readers use this look: sample or declare before it ends.
SeriesTable& series_of(Look& look);

}  // namespace farmhand::rebellions
