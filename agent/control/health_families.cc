// SPDX-License-Identifier: Apache-2.0
// The families of health. The verdict of a subject is a state set, as OpenMetrics wants an
// enumeration: one sample for each state, 1 for the present one, so that a query names the state
// and no number. A check has one sample with the exit code of monitoring-plugins (0 ok, 1 warn, 2
// fail, 3 unknown): a state set would be four series for each of hundreds of checks.
#include <set>

#include "control/health_json.hh"
#include "control/open_metrics.hh"

namespace farmhand {

namespace {

constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kAvailable = "farmhand_device_available";
constexpr std::string_view kHeld = "farmhand_device_held";

struct Page {
  Exposition& out;
  const StatusView& view;
  const CoordinatorView& coordinator;
  const std::vector<SubjectHealth>& subjects;

  // Nothing for the node; of a device that is gone only its key is known.
  Exposition& begin(const SubjectHealth& subject) const {
    out.sample();
    const Device* device = view.inventory.find(subject.key);
    if (device == nullptr) return out.label("device", subject.key);
    label_device(out, *device, partition_of(coordinator, device->info.vendor));
    return out;
  }
};

void write_verdicts(const Page& page) {
  page.out.family(
      {"farmhand_health_verdict", "", "1 for the verdict on a device, or the node.", kGauge});
  for (const SubjectHealth& subject : page.subjects) {
    for (const Verdict verdict :
         {Verdict::kOk, Verdict::kWarn, Verdict::kFail, Verdict::kUnknown}) {
      page.begin(subject).label("verdict", name_of(verdict));
      page.out.value(subject.verdict == verdict ? 1 : 0);
    }
  }
}

void write_availability(const Page& page) {
  page.out.family({kAvailable, "", "1 while new jobs may get the device.", kGauge});
  for (const SubjectHealth& subject : page.subjects) {
    if (subject.key.empty() || !page.view.health.may_lease) continue;
    page.begin(subject).value(page.view.health.may_lease(subject.key) ? 1 : 0);
  }
  page.out.family({kHeld, "", "1 for the hold that keeps new jobs away.", kGauge});
  for (const SubjectHealth& subject : page.subjects)
    if (subject.hold) page.begin(subject).label("hold", name_of(subject.hold->kind)).value(1);
}

template <typename Value>
void write_checks(const Page& page, const FamilyHead& head, const Value& value) {
  page.out.family(head);
  for (const SubjectHealth& subject : page.subjects) {
    for (const CheckStatus& check : subject.checks) {
      page.begin(subject).label("check", check.check).label("source", check.source);
      page.out.value(value(check));
    }
  }
}

// What check commands measured. One label comes once in a check, or the scrape would be spoilt.
void write_values(const Page& page) {
  page.out.family({"farmhand_check_value", "", "Performance data of check commands.", kGauge});
  for (const SubjectHealth& subject : page.subjects) {
    for (const CheckStatus& check : subject.checks) {
      if (!check.source.starts_with("command")) continue;
      std::set<std::string_view> written;
      for (const Evidence& evidence : check.evidence) {
        if (!written.insert(evidence.name).second) continue;
        page.begin(subject).label("check", check.check).label("label", evidence.name);
        page.out.label("unit", symbol_of(evidence.unit)).value(evidence.value);
      }
    }
  }
}

}  // namespace

bool is_health_family(std::string_view name) {
  return name == kAvailable || name == kHeld;
}

void write_health(Exposition& out, const StatusView& view, const CoordinatorView& coordinator) {
  if (!view.health.subjects) return;
  const auto subjects = view.health.subjects();
  const Page page{out, view, coordinator, subjects};
  write_verdicts(page);
  write_availability(page);
  write_checks(
      page,
      {"farmhand_check_status", "", "0 ok, 1 warn, 2 fail, 3 unknown, of each check.", kGauge},
      [](const CheckStatus& check) { return static_cast<double>(check.verdict); });
  write_checks(
      page, {"farmhand_check_changes", "", "Changes of a check's verdict.", FamilyType::kCounter},
      [](const CheckStatus& check) { return static_cast<double>(check.changes); });
  write_checks(page, {"farmhand_check_flapping", "", "1 while a check changes too often.", kGauge},
               [](const CheckStatus& check) { return check.flapping ? 1.0 : 0.0; });
  write_values(page);
  out.family({"farmhand_checks_refused", "", "Check definitions that are not used.", kGauge});
  const size_t refused = view.health.refused ? view.health.refused().size() : 0;
  out.sample().value(static_cast<double>(refused));
}

}  // namespace farmhand
