// SPDX-License-Identifier: Apache-2.0
#include "log/watch.hh"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <farmhand/sysfs.hh>

#include "log/journal.hh"
#include "log/kernel_log.hh"

namespace farmhand::node {

namespace {

// How soon a cancel is seen (events.h).
constexpr int kStepMs = 90;
// An event has up to four records of evidence, and a call may emit a thousand.
constexpr size_t kRecordsMax = 150;
constexpr size_t kTextMax = 300;
constexpr uint64_t kAcceleratorClass = 0x12;  // PCI base class
constexpr int kErrorLevel = 3;                // KERN_ERR

constexpr const char* kForbidden =
    "the kernel's log may not be read: put the plugin host's user into the group systemd-journal, "
    "or give it CAP_SYSLOG, or set kernel.dmesg_restrict=0";

void emit_event(Call& call, uint32_t node, const LogEvent& event) {
  const std::string text(utf8_cut(event.text, kTextMax));
  const std::string times =
      event.count > 1 ? " (" + std::to_string(event.count) + " times in a minute)" : "";
  const std::string sentence = event.pattern->what + times + ": " + text;
  call.emit(event_record(node, event.pattern->severity, event.pattern->reason, sentence));
  call.emit(evidence_record("count", static_cast<double>(event.count), FH_UNIT_NONE));
  call.emit(text_evidence_record("line", text));
  if (!event.pci.empty()) call.emit(text_evidence_record("pci", event.pci));
  if (event.pci.empty() && !event.subject.empty()) {
    call.emit(text_evidence_record("subject", event.subject));
  }
}

void emit_loss(Call& call, uint32_t node, uint64_t lost) {
  const std::string sentence =
      "the kernel's log overwrote " + std::to_string(lost) + " lines before they were read";
  fh_event record = event_record(node, FH_SEVERITY_INFO, FH_REASON_KERNEL_LOG, sentence);
  record.lost = static_cast<uint32_t>(std::min<uint64_t>(lost, UINT32_MAX));
  call.emit(record);
}

}  // namespace

void LogWatch::open() {
  if (log_.empty()) fail(FH_E_UNSUPPORTED, "the kernel's log is not to be watched");
  if (log_ == "journal") return open_journal();
  auto log = std::make_unique<KernelLog>(log_);
  const int error = log->open();
  const bool forbidden = error == EPERM || error == EACCES;
  if (error == ENOENT) fail(FH_E_UNSUPPORTED, "there is no %s here", log_.c_str());
  if (forbidden && !journalctl_.empty()) return open_journal();
  if (forbidden) fail(FH_E_PERMISSION, "%s", kForbidden);
  if (error != 0) fail(FH_E_INTERNAL, "%s: %s", log_.c_str(), strerror(error));
  source_ = std::move(log);
}

void LogWatch::open_journal() {
  auto journal = std::make_unique<Journal>(journalctl_);
  const int error = journal->open();
  if (error != 0) {
    fail(FH_E_PERMISSION, "%s ('%s' cannot be started: %s)", kForbidden, journalctl_.c_str(),
         strerror(error));
  }
  source_ = std::move(journal);
}

// An error that no pattern knows still counts where an accelerator's driver says it: most of these
// drivers' sources are not public.
const LogPattern* LogWatch::meaning_of(const LogRecord& record) const {
  const LogPattern* pattern = find_pattern(record);
  if (pattern != nullptr) return pattern->severity != 0 ? pattern : nullptr;
  if (record.facility != 0 || record.level > kErrorLevel) return nullptr;
  const auto code = record.pci.empty() ? std::nullopt : find_hex(devices_ + record.pci + "/class");
  const bool accelerator = code.value_or(0) >> 16 == kAcceleratorClass;
  return accelerator || is_accelerator_driver(record.text) ? &driver_pattern() : nullptr;
}

bool LogWatch::look_at(Call& call, uint32_t node, LogRecord record) {
  record.text = clean(record.text);
  const std::string named = pci_in(record.text);
  if (record.pci.empty()) record.pci = named;
  const LogPattern* pattern = meaning_of(record);
  if (pattern == nullptr) return false;
  const LogEvent event{pattern, record.text, subject_of(record), record.pci};
  if (!storm_.is_first(event, boottime_ns())) return false;
  emit_event(call, node, event);
  return true;
}

void LogWatch::wait(Call& call, uint32_t node) {
  if (!source_) open();
  for (bool any = false; !any;) {
    call.check();
    const auto left_ms =
        static_cast<int>(std::min<uint64_t>(call.remaining_ns() / 1'000'000, kStepMs));
    for (LogRecord& each : source_->take(kRecordsMax, left_ms)) {
      any = look_at(call, node, std::move(each)) || any;
    }
    for (const LogEvent& each : storm_.take_due(boottime_ns())) {
      emit_event(call, node, each);
      any = true;
    }
    const uint64_t lost = source_->take_lost();
    if (lost != 0) emit_loss(call, node, lost);
    any = any || lost != 0;
    if (any || source_->is_open()) continue;
    const std::string problem = source_->problem();
    source_.reset();
    fail(FH_E_PERMISSION, "%s ('%s': %.200s)", kForbidden, journalctl_.c_str(), problem.c_str());
  }
}

}  // namespace farmhand::node
