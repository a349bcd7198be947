// SPDX-License-Identifier: Apache-2.0
#include "drive.hh"

#include <farmhand/diag.hh>
#include <farmhand/events.hh>
#include <farmhand/jobenv.hh>
#include <farmhand/reset.hh>
#include <farmhand/slice.hh>
#include <farmhand/telemetry.hh>

namespace farmhand::check {

namespace {

// For the calls that take nothing but the device.
template <class Table>
int32_t simple(Rig& rig, const char* id, Op op, uint32_t device,
               int32_t (*Table::*function)(void*, const fh_call*)) {
  const auto* const table = rig.find<Table>(id);
  if (table == nullptr) return FH_E_UNSUPPORTED;
  return rig.call(op, device, [&](void* self, const fh_call* call, Loan&) {
    return (table->*function)(self, call);
  });
}

fh_str lent(Loan& loan, const std::string& text, const char* what) {
  const void* const bytes = loan.lend(text.data(), text.size(), what);
  return {static_cast<const char*>(bytes), static_cast<uint32_t>(text.size()), 0};
}

int32_t with_lease(Rig& rig, Op op, const LeaseIdea& idea,
                   int32_t (*fh_jobenv::*function)(void*, const fh_call*, const fh_lease*)) {
  const auto* const table = rig.find<fh_jobenv>(FH_JOBENV_ID);
  if (table == nullptr) return FH_E_UNSUPPORTED;
  return rig.call(op, FH_NO_DEVICE, [&](void* self, const fh_call* call, Loan& loan) {
    std::vector<fh_leased> devices;
    for (const uint32_t device : idea.devices) devices.push_back({device, 0, {}});
    fh_lease lease = made<fh_lease>();
    lease.device_count = static_cast<uint32_t>(devices.size());
    lease.devices = static_cast<fh_leased*>(
        loan.lend(devices.data(), devices.size() * sizeof(fh_leased), "the leased devices"));
    lease.id = lent(loan, idea.id, "the lease's id");
    lease.kept = lent(loan, idea.kept, "what was kept");
    return (table->*function)(self, call, loan.lend(lease, "fh_lease"));
  });
}

}  // namespace

int32_t enumerate(Rig& rig) {
  return simple(rig, FH_DEVICES_ID, Op::kEnumerate, FH_NO_DEVICE, &fh_devices::enumerate);
}

int32_t metrics(Rig& rig, uint32_t device) {
  return simple(rig, FH_TELEMETRY_ID, Op::kMetrics, device, &fh_telemetry::metrics);
}

int32_t sample(Rig& rig, uint32_t device, std::span<const uint32_t> ids) {
  const auto* const table = rig.find<fh_telemetry>(FH_TELEMETRY_ID);
  if (table == nullptr) return FH_E_UNSUPPORTED;
  const auto body = [&](void* self, const fh_call* call, Loan& loan) {
    const void* const given = loan.lend(ids.data(), ids.size_bytes(), "the metric ids");
    return table->sample(self, call, static_cast<const uint32_t*>(given),
                         static_cast<uint32_t>(ids.size()));
  };
  return rig.call(Op::kSample, device, body, ids);
}

int32_t check(Rig& rig, uint32_t device) {
  return simple(rig, FH_HEALTH_ID, Op::kCheck, device, &fh_health::check);
}

int32_t wait(Rig& rig) {
  return simple(rig, FH_EVENTS_ID, Op::kWait, FH_NO_DEVICE, &fh_events::wait);
}

int32_t tests(Rig& rig, uint32_t device) {
  return simple(rig, FH_DIAG_ID, Op::kTests, device, &fh_diag::tests);
}

int32_t run_test(Rig& rig, uint32_t device, const std::string& name, uint64_t budget_ns) {
  const auto* const table = rig.find<fh_diag>(FH_DIAG_ID);
  if (table == nullptr) return FH_E_UNSUPPORTED;
  return rig.call(Op::kRun, device, [&](void* self, const fh_call* call, Loan& loan) {
    fh_test_run run = made<fh_test_run>();
    run.level = FH_LEVEL_QUICK;
    run.budget_ns = budget_ns;
    run.seed = 1;
    run.name = lent(loan, name, "the test's name");
    return table->run(self, call, loan.lend(run, "fh_test_run"));
  });
}

int32_t reset_kinds(Rig& rig, uint32_t device) {
  return simple(rig, FH_RESET_ID, Op::kKinds, device, &fh_reset::kinds);
}

int32_t reset(Rig& rig, uint32_t device, int32_t reset_kind) {
  const auto* const table = rig.find<fh_reset>(FH_RESET_ID);
  if (table == nullptr) return FH_E_UNSUPPORTED;
  return rig.call(Op::kReset, device, [&](void* self, const fh_call* call, Loan&) {
    return table->reset(self, call, reset_kind);
  });
}

int32_t slices(Rig& rig, uint32_t device) {
  return simple(rig, FH_SLICE_ID, Op::kSlices, device, &fh_slices::slices);
}

int32_t profiles(Rig& rig, uint32_t device) {
  return simple(rig, FH_SLICE_ID, Op::kProfiles, device, &fh_slices::profiles);
}

int32_t divide(Rig& rig, uint32_t device, std::span<const std::string> names) {
  const auto* const table = rig.find<fh_slices>(FH_SLICE_ID);
  if (table == nullptr) return FH_E_UNSUPPORTED;
  return rig.call(Op::kApply, device, [&](void* self, const fh_call* call, Loan& loan) {
    std::vector<fh_str> texts;
    for (const std::string& name : names) texts.push_back(lent(loan, name, "a profile's name"));
    const void* const given =
        loan.lend(texts.data(), texts.size() * sizeof(fh_str), "the profiles");
    return table->apply(self, call, static_cast<const fh_str*>(given),
                        static_cast<uint32_t>(texts.size()));
  });
}

int32_t prepare(Rig& rig, const LeaseIdea& lease) {
  return with_lease(rig, Op::kPrepare, lease, &fh_jobenv::prepare);
}

int32_t release(Rig& rig, const LeaseIdea& lease) {
  return with_lease(rig, Op::kRelease, lease, &fh_jobenv::release);
}

std::vector<uint32_t> Known::ids() const {
  std::vector<uint32_t> all;
  for (const SeenMetric& metric : metrics) all.push_back(metric.id);
  return all;
}

std::vector<Known> know(Rig& rig) {
  std::vector<Known> all;
  if (enumerate(rig) != FH_OK) return all;
  const std::vector<SeenDevice> devices = rig.last().devices;
  for (const SeenDevice& device : devices) {
    const bool declared = metrics(rig, device.handle) == FH_OK;
    all.push_back({device, declared ? rig.last().metrics : std::vector<SeenMetric>()});
  }
  return all;
}

void visit(Rig& rig, size_t most) {
  std::vector<Known> all = know(rig);
  if (all.size() > most) all.resize(most);
  for (const Known& each : all) {
    const uint32_t device = each.device.handle;
    for (int round = 0; round < 2; ++round) sample(rig, device, each.ids());
    check(rig, device);
    tests(rig, device);
    reset_kinds(rig, device);
    slices(rig, device);
    profiles(rig, device);
  }
  check(rig, FH_NO_DEVICE);
  const uint64_t usual_ms = rig.mood.deadline_ms;
  rig.mood.deadline_ms = usual_ms < 100 ? usual_ms : 100;
  wait(rig);
  rig.mood.deadline_ms = usual_ms;
}

}  // namespace farmhand::check
