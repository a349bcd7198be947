// SPDX-License-Identifier: Apache-2.0
// Health as several documents show it.
#pragma once

#include "control/verbs.hh"

namespace farmhand {

void write_evidence(Json& json, const std::vector<Evidence>& evidence);      // `evidence: […]`
void write_check(Json& json, const Clock& clock, const CheckStatus& check);  // an element
void write_hold(Json& json, const std::optional<Hold>& hold);  // `hold: {…}` or null
void write_offences(Json& json, const std::vector<Offence>& offences);
void write_subject(Json& json, const Clock& clock, const SubjectHealth& subject);  // an element
void write_transition(Json& json, const Transition& transition);                   // an element

// `name: RFC 3339`, or null for 0.
void write_wall(Json& json, std::string_view name, int64_t realtime_ns);

// The worst of all; unknown when there is none.
Verdict overall_of(const std::vector<SubjectHealth>& subjects);
std::optional<SubjectHealth> find_subject(const StatusView& view, std::string_view key);

}  // namespace farmhand
