// SPDX-License-Identifier: Apache-2.0
#include "coordinator_machine.hh"

#include <cstdio>
#include <cstdlib>

#include "coordinator/token_table.hh"

namespace farmhand::simulation {
namespace {

// The archive is what the reference model reads: nothing of it may be pruned.
constexpr coordinator::ArchiveLimits kKeepAll = {1ull << 40, 1ull << 40, 1ull << 40, 1ull << 40,
                                                 1ull << 40};

void must(const Result<void>& done) {
  if (done) return;
  std::fprintf(stderr, "simulation: %s\n", done.error().message.c_str());
  std::abort();
}

}  // namespace

CoordinatorMachine::CoordinatorMachine(Loop& loop, Network& network, const std::string& directory,
                                       coordinator::SessionLimits limits)
    : clock(loop), loop_(loop), network_(network), disk_(directory), limits_(limits) {
  start();
}

CoordinatorMachine::~CoordinatorMachine() {
  shut();
}

void CoordinatorMachine::start() {
  auto store = coordinator::Store::open(store_path());
  if (!store) must(store.error());
  (*store)->lanes.set_archive_limits(kKeepAll);
  process_ = std::make_unique<Process>(loop_, clock, std::move(*store), limits_);
  network_.server = [this](const net::Request& request, net::WsPeer peer) {
    process_->sessions.open(request, std::move(peer));
  };
}

void CoordinatorMachine::enroll(const Uuid& node, const std::string& secret) {
  coordinator::NewEnrolment enrolment;
  enrolment.node = node;
  enrolment.cloud = "kt";
  enrolment.vendors = {"rebellions"};
  enrolment.credential_hash = coordinator::hash_of(secret);
  enrolment.now_ns = clock.realtime_ns();
  must(process_->store->nodes.enroll(enrolment));
}

// What its parts still write when they end goes to the disk that is left behind.
void CoordinatorMachine::crash() {
  const std::string left = disk_.copy();
  shut();
  disk_.become(left);
}

void CoordinatorMachine::shut() {
  network_.server = nullptr;
  process_.reset();
}

Result<coordinator::FarmReport> CoordinatorMachine::verify() const {
  auto store = coordinator::Store::open_to_read(store_path());
  if (!store) return store.error();
  return coordinator::check_farm(**store);
}

void CoordinatorMachine::restore(const std::string& backup) {
  disk_.become(backup);
}

}  // namespace farmhand::simulation
