// SPDX-License-Identifier: Apache-2.0
#include "wire/enroll.hh"

#include "farmhand/v1/enroll.pb.h"
#include "wire/text.hh"

namespace farmhand::wire {

namespace {

namespace v1 = ::farmhand::v1;

constexpr size_t kEnrollBytesMax = 64 << 10;

template <typename Message>
bool parse(Message& message, std::string_view bytes) {
  return bytes.size() <= kEnrollBytesMax &&
         message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

std::string encode_enroll_request(const EnrollRequest& request) {
  v1::EnrollRequest out;
  out.set_join_token(utf8(request.join_token));
  out.set_node_uuid(bytes_of(request.node_uuid.bytes));
  out.set_hostname(utf8(request.hostname));
  out.set_agent_version(utf8(request.agent_version));
  return out.SerializeAsString();
}

Result<EnrollRequest> decode_enroll_request(std::string_view bytes) {
  v1::EnrollRequest in;
  if (!parse(in, bytes)) return corrupt("these bytes are not an enrolment request");
  EnrollRequest request;
  if (!take_uuid(request.node_uuid, in.node_uuid())) {
    return corrupt("enrolment request: the node's uuid is not 16 bytes");
  }
  request.join_token = in.join_token();
  request.hostname = in.hostname();
  request.agent_version = in.agent_version();
  return request;
}

std::string encode_enroll_response(const EnrollResponse& response) {
  v1::EnrollResponse out;
  out.set_credential(utf8(response.credential));
  out.set_cloud(utf8(response.cloud));
  for (const std::string& vendor : response.vendors) out.add_vendors(utf8(vendor));
  return out.SerializeAsString();
}

Result<EnrollResponse> decode_enroll_response(std::string_view bytes) {
  v1::EnrollResponse in;
  if (!parse(in, bytes)) return corrupt("these bytes are not an answer to an enrolment");
  return EnrollResponse{.credential = in.credential(),
                        .cloud = in.cloud(),
                        .vendors = {in.vendors().begin(), in.vendors().end()}};
}

}  // namespace farmhand::wire
