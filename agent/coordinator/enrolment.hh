// SPDX-License-Identifier: Apache-2.0
// A join token becomes a node's credential. Enrolling a known node anew gives it a new credential
// and ends the old one; a token of another cloud cannot do that, so that no provider takes over
// another's nodes.
#pragma once

#include <string>

#include "coordinator/store.hh"
#include "wire/enroll.hh"

namespace farmhand::coordinator {

struct Enrolled {
  int64_t node = 0;
  wire::EnrollResponse response;
};

// In one transaction. `peer_uri`: what a verified client certificate named, if one was shown.
Result<Enrolled> enroll(Store& store, const wire::EnrollRequest& request,
                        const std::string& peer_uri, int64_t now_ns);

}  // namespace farmhand::coordinator
