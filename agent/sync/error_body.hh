// SPDX-License-Identifier: Apache-2.0
// What the coordinator's HTTP errors say to a person. Their body is
// {"error":{"code":"…","message":"…"}}.
#pragma once

#include <string>
#include <string_view>

namespace farmhand {

std::string sentence_of(int status, std::string_view body);

}  // namespace farmhand
