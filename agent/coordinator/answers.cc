// SPDX-License-Identifier: Apache-2.0
#include "coordinator/answers.hh"

#include "coordinator/capacity.hh"
#include "coordinator/fleet_json.hh"
#include "wire/command.hh"

namespace farmhand::coordinator {
namespace {

Answer json(std::string body) {
  return {200, std::move(body), "application/json", nullptr};
}

// Rows, written by `write`.
template <typename T, typename Write>
Answer answer_from(Result<T> rows, Write write) {
  if (!rows) return refusal(rows.error());
  return json(write(*rows));
}

// ?node= names one by its id or its host name.
template <typename Row>
Result<std::vector<Row>> of_node(Result<std::vector<Row>> rows, const Question& q) {
  const auto node = q.request.find_query("node");
  if (rows && node && !node->empty())
    std::erase_if(
        *rows, [&](const Row& row) { return row.node.text() != *node && row.hostname != *node; });
  return rows;
}

// The node that ?node= names, among those that the scope sees.
Result<NodeRow> named_node(const Question& q) {
  const std::string name = q.request.find_query("node").value_or("");
  auto nodes = q.store.fleet.nodes(q.scope);
  if (!nodes) return nodes.error();
  std::vector<NodeRow> found;
  for (NodeRow& node : *nodes)
    if (node.uuid.text() == name || node.hostname == name) found.push_back(std::move(node));
  if (found.size() == 1) return std::move(found.front());
  if (found.empty())
    return Error{Errc::kNotFound, "there is no node '" + name + "' that this token may see"};
  return Error{Errc::kInvalid, "more than one node is called '" + name + "': give its id"};
}

Answer no_such_command(const std::string& uuid) {
  return refusal(404, "not_found", "there is no command " + uuid + " that this token may see");
}

}  // namespace

Answer answer_nodes(const Question& q) {
  return answer_from(q.store.fleet.nodes(q.scope),
                     [&](const auto& rows) { return json_of_nodes(rows, q.live); });
}

Answer answer_devices(const Question& q) {
  return answer_from(of_node(q.store.fleet.devices(q.scope), q),
                     [&](const auto& rows) { return json_of_devices(rows, q.live); });
}

Answer answer_metrics(const Question& q) {
  const std::string device = q.request.find_query("device").value_or("");
  return answer_from(of_node(q.store.fleet.metrics(q.scope, device), q), json_of_metrics);
}

Answer answer_capacity(const Question& q) {
  return answer_from(q.store.fleet.devices(q.scope), [&](const auto& rows) {
    Capacity capacity;
    for (const DeviceRow& row : rows) capacity.add(row, q.live.contains(row.node_id));
    return capacity.json(q.target_petaflops);
  });
}

Answer answer_command(const Question& q) {
  const std::string text = q.request.path.substr(q.request.path.rfind('/') + 1);
  auto uuid = Uuid::parse(text);
  if (!uuid) return refusal(uuid.error());
  auto row = q.store.commands.find(q.scope, *uuid);
  if (!row) return refusal(row.error());
  if (!*row) return no_such_command(text);
  return json(json_of_command(**row));
}

Answer take_command(const Question& q) {
  auto signed_command = wire::decode_signed_command(q.request.body);
  if (!signed_command) return refusal(signed_command.error());
  auto command = wire::decode_command(signed_command->payload);
  if (!command) return refusal(command.error());
  if (!q.scope.sees_all() && command->partition != q.scope.partition)
    return refusal(403, "forbidden", "the command is for another partition than this token");
  auto node = named_node(q);
  if (!node) return refusal(node.error());
  CommandRow row;
  row.uuid = command->uuid;
  row.node_id = node->id;
  row.node = node->uuid;
  row.partition = command->partition;
  row.payload = signed_command->payload;
  row.signature = signed_command->signature;
  row.key_id = signed_command->key_id;
  row.state = "pending";
  row.created_ns = q.now_ns;
  auto transaction = q.store.begin();
  if (!transaction) return refusal(transaction.error());
  if (auto added = q.store.commands.add(row); !added) return refusal(added.error());
  if (auto kept = transaction->commit(); !kept) return refusal(kept.error());
  Answer answer = json(json_of_command(row));
  answer.then = [row](Sessions& sessions) { sessions.push(row); };
  return answer;
}

Answer answer_verify(const Question& q) {
  auto report = check_farm(q.store);
  if (!report) return refusal(report.error());
  if (q.request.find_query("format") == "text")
    return {200, text_from(*report), "text/plain; charset=utf-8", nullptr};
  return json(json_from(*report));
}

}  // namespace farmhand::coordinator
