// SPDX-License-Identifier: Apache-2.0
#include "farm.hh"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace farmhand::simulation {
namespace {

std::string make_scratch(uint64_t seed) {
  seed_machine(seed);
  const char* wanted = std::getenv("TMPDIR");
  const bool shm = ::access("/dev/shm", W_OK) == 0;
  std::string path = wanted != nullptr ? wanted : shm ? "/dev/shm" : "/tmp";
  path += "/farmhand-simulation-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

}  // namespace

Farm::Farm(uint64_t seed, uint64_t size_max)
    : scratch_(make_scratch(seed)),
      random(seed * 3 + 1),
      network(loop, seed * 3 + 2),
      producer_(seed * 3 + 3) {
  coordinator = std::make_unique<CoordinatorMachine>(loop, network, scratch_ + "/coordinator");
  node_options_.uuid = Uuid::random();
  node_options_.secret = "secret";
  node_options_.size_max = size_max;
  coordinator->enroll(node_options_.uuid, node_options_.secret);
  node = std::make_unique<NodeMachine>(loop, network, model, producer_, scratch_ + "/node",
                                       node_options_);
}

Farm::~Farm() {
  rest();
  coordinator.reset();
  node.reset();
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

void Farm::run_for(uint64_t ns) {
  loop.run_for_ms(ns / kMillisecond);
}

bool Farm::run_until(const std::function<bool()>& done, uint64_t limit_ns) {
  const uint64_t end_ns = now_ns(loop) + limit_ns;
  while (!done() && now_ns(loop) < end_ns) run_for(kSecond);
  return done();
}

bool Farm::heal_and_drain(uint64_t limit_ns) {
  network.faults = {};
  network.up = true;
  network.refuses = false;
  if (!coordinator->running()) coordinator->start();
  if (!node->running()) node->start();
  run_for(2 * kSecond);  // what was collected is handed on
  return run_until([&] { return node->drained(); }, limit_ns);
}

void Farm::rest() {
  if (node) node->stop();
  if (coordinator) coordinator->shut();
}

std::vector<std::string> Farm::findings(const Model* clone) {
  rest();
  std::vector<std::string> all;
  auto report = coordinator->verify();
  if (!report) return {report.error().message};
  if (!report->ok()) all.push_back("verify: " + coordinator::text_from(*report));
  auto view = StoreView::open(coordinator->store_path());
  if (!view) return {view.error().message};
  auto delivered = view->delivered(node_options_.uuid);
  if (!delivered) return {delivered.error().message};
  for (std::string& difference : model.differences(*delivered, clone))
    all.push_back(std::move(difference));
  if (clone == nullptr) return all;
  for (std::string& difference : clone->differences(*delivered, &model))
    all.push_back("clone: " + std::move(difference));
  return all;
}

std::string Farm::state() {
  rest();
  auto view = StoreView::open(coordinator->store_path());
  auto state = view ? view->state() : Result<std::string>(view.error());
  return state ? *state : state.error().message;
}

std::unique_ptr<NodeMachine> Farm::clone(Model& its_model) {
  NodeMachine::Options options = node_options_;
  options.name = "twin";
  auto twin = std::make_unique<NodeMachine>(loop, network, its_model, producer_, scratch_ + "/twin",
                                            std::move(options));
  const std::string copy = node->copy_disk();
  twin->crash();
  twin->put_disk(copy);
  twin->reboot();
  return twin;
}

void Farm::enroll_anew() {
  coordinator->enroll(node_options_.uuid, node_options_.secret);
}

}  // namespace farmhand::simulation
