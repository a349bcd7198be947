// SPDX-License-Identifier: Apache-2.0
// Users of this node: whom a plugin host runs as, who asks.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hh"

namespace farmhand {

// `uid:gid:gid,gid…` as the host program takes it; empty: as we are, because no user is named, or
// we may not change users, or it is our own. kNotFound: there is no such user. Groups that do not
// exist here are left out: then nothing can belong to them.
Result<std::string> find_identity(const std::string& user, const std::vector<std::string>& groups);

// Whether `user` is whom we run as already.
bool is_own_user(const std::string& user);

// The name of a user of this node; `uid 1000` for one who has none in /etc/passwd.
std::string name_of_user(uid_t uid);

}  // namespace farmhand
