// SPDX-License-Identifier: Apache-2.0
// Asks the agent on this node.
#pragma once

#include "cli/command.hh"
#include "cli/format.hh"
#include "control/request.hh"

namespace farmhand::cli {

// One request, one document. The agent's own errors come back as Errors of the same kind; an agent
// that does not answer is kUnavailable, with what to do about it.
Result<Document> ask_agent(const Context& context, const Request& request);

// The document in `text`, or the error it carries.
Result<Document> document_from(std::string_view text, std::string_view source);

}  // namespace farmhand::cli
