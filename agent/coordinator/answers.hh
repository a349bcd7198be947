// SPDX-License-Identifier: Apache-2.0
// What each route answers. On the store thread.
#pragma once

#include "coordinator/api.hh"

namespace farmhand::coordinator {

Answer answer_nodes(const Question& question);
Answer answer_devices(const Question& question);
Answer answer_metrics(const Question& question);  // ?device=KEY
Answer answer_capacity(const Question& question);
Answer answer_health(const Question& question);
Answer answer_health_history(const Question& question);  // ?node=&device=&since_s=&limit=

Answer answer_command(const Question& question);  // /v1/commands/<uuid>
Answer take_command(const Question& question);    // ?node=UUID, the body a SignedCommand

Answer answer_verify(const Question& question);  // ?format=text

Answer answer_tokens(const Question& question);
// ?role=…&partition=…&cloud=…&vendors=a,b&uses=N&expires_s=N&note=…
Answer make_token(const Question& question);
Answer revoke_token(const Question& question);  // ?id=N

}  // namespace farmhand::coordinator
