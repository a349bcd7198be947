// SPDX-License-Identifier: Apache-2.0
// What a scope sees, in SQL: one wording for every question. `?1` is the scope's partition, empty
// for all; the question calls the node's row `n` and the device's `d`.
#pragma once

#include <string>

namespace farmhand::coordinator {

inline const std::string kNodeVisible =
    "(?1 = '' OR EXISTS (SELECT 1 FROM node_partition p WHERE p.partition = ?1 AND p.node = n.id))";
// 2 is the kind of a device that stands for the whole node (record.proto).
inline const std::string kDeviceVisible =
    "(?1 = '' OR d.partition = ?1 OR (d.kind = 2 AND " + kNodeVisible + "))";

}  // namespace farmhand::coordinator
