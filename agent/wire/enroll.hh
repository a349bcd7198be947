// SPDX-License-Identifier: Apache-2.0
// Enrolment: a join token for a credential.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hh"
#include "base/result.hh"

namespace farmhand::wire {

inline constexpr std::string_view kProtobufType = "application/x-protobuf";

struct EnrollRequest {
  std::string join_token;
  Uuid node_uuid;
  std::string hostname;
  std::string agent_version;
  bool operator==(const EnrollRequest&) const = default;
};

struct EnrollResponse {
  std::string credential;
  std::string cloud;
  std::vector<std::string> vendors;
  bool operator==(const EnrollResponse&) const = default;
};

std::string encode_enroll_request(const EnrollRequest& request);
Result<EnrollRequest> decode_enroll_request(std::string_view bytes);
std::string encode_enroll_response(const EnrollResponse& response);
Result<EnrollResponse> decode_enroll_response(std::string_view bytes);

}  // namespace farmhand::wire
