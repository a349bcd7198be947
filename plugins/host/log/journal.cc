// SPDX-License-Identifier: Apache-2.0
#include "log/journal.hh"

#include <farmhand/json.hh>
#include <farmhand/spawn.hh>

namespace farmhand::node {

namespace {

constexpr size_t kChunk = 64 * 1024;
constexpr size_t kLineMax = 1 << 20;  // more in one line is no entry of the kernel's
constexpr size_t kSaidMax = 4096;

int number_of(const Json& entry, const char* name, int otherwise) {
  const Json* found = entry.find(name);
  return found == nullptr ? otherwise : integer_from<int>(found->text()).value_or(otherwise);
}

}  // namespace

// Fields: systemd.journal-fields(7). A message that is not UTF-8 is an array of numbers there, and
// none of the kernel's that matter.
std::optional<LogRecord> record_from_json(std::string_view line) {
  const JsonDocument entry = json_from(line);
  const Json* message = entry.ok() ? entry.value.find("MESSAGE") : nullptr;
  if (message == nullptr || !message->is_text()) return std::nullopt;
  LogRecord record;
  record.level = number_of(entry.value, "PRIORITY", 6);
  record.facility = number_of(entry.value, "SYSLOG_FACILITY", 0);
  record.text = message->text();
  const Json* device = entry.value.find("_KERNEL_DEVICE");
  if (device != nullptr) add_line(" DEVICE=" + device->text(), &record);
  return record;
}

Journal::Journal(std::string program) : program_(std::move(program)) {}

Journal::~Journal() {
  close();
}

int Journal::open() {
  partial_.clear();
  said_.clear();
  problem_.clear();
  out_ = std::make_unique<command::Pipe>();
  errors_ = std::make_unique<command::Pipe>();
  const int error =
      command::spawn(&pid_,
                     {program_, "--dmesg", "--follow", "--lines=0", "--output=json",
                      "--output-fields=MESSAGE,PRIORITY,SYSLOG_FACILITY,_KERNEL_DEVICE"},
                     *out_, *errors_);
  if (error != 0) pid_ = 0;
  for (command::Pipe* pipe : {out_.get(), errors_.get()}) {
    pipe->close_end(1);
    fcntl(pipe->ends[0], F_SETFL, O_NONBLOCK);
  }
  return error;
}

void Journal::close() {
  if (pid_ <= 0) return;
  command::kill_tree(pid_);
  command::reap(pid_);
  pid_ = 0;
}

std::vector<LogRecord> Journal::take(size_t most, int wait_ms) {
  std::vector<LogRecord> records;
  pollfd ends[] = {{out_->ends[0], POLLIN, 0}, {errors_->ends[0], POLLIN, 0}};
  poll(ends, 2, partial_.find('\n') == std::string::npos ? wait_ms : 0);
  look_at_errors();
  if (is_open()) read_some(most, &records);
  return records;
}

// Somebody who may not read the system's journal is shown his own, with a hint on stderr: that
// would be silence taken for peace.
void Journal::look_at_errors() {
  char chunk[1024];
  const ssize_t got = errors_->ends[0] < 0 ? -1 : read(errors_->ends[0], chunk, sizeof chunk);
  if (got == 0) errors_->close_end(0);
  if (got > 0 && said_.size() < kSaidMax) said_.append(chunk, static_cast<size_t>(got));
  const bool blind = said_.find("not seeing messages") != std::string::npos ||
                     said_.find("insufficient permissions") != std::string::npos;
  if (!blind) return;
  problem_ = "its user may not read the system's journal";
  close();
}

void Journal::read_some(size_t most, std::vector<LogRecord>* into) {
  char chunk[kChunk];
  const ssize_t got = partial_.size() > kLineMax ? -1 : read(out_->ends[0], chunk, sizeof chunk);
  if (got > 0) partial_.append(chunk, static_cast<size_t>(got));
  size_t taken = 0;
  while (into->size() < most) {
    const size_t end = partial_.find('\n', taken);
    if (end == std::string::npos) break;
    auto record = record_from_json(std::string_view(partial_).substr(taken, end - taken));
    if (record) into->push_back(std::move(*record));
    taken = end + 1;
  }
  partial_.erase(0, taken);
  const bool endless = taken == 0 && partial_.size() > kLineMax;
  if (got != 0 && !endless) return;
  std::string_view said = said_;
  const std::string first = clean(trimmed(take_line(&said)));
  problem_ = endless ? "it printed a line without end" : first.empty() ? "it ended" : first;
  close();
}

}  // namespace farmhand::node
