// SPDX-License-Identifier: Apache-2.0
#include "loop/command.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "loop/birth.hh"

namespace farmhand {

namespace {

constexpr size_t kInputMax = 60'000;
// What is in the pipes when the process ends is read at once; a daemon that keeps them open is
// waited for no longer than this.
constexpr uint64_t kLastWordsMs = 100;
constexpr uint64_t kSlainMs = 1'000;  // from SIGKILL to the conclusion that it does not help

struct Pipe {
  Fd ours;
  Fd theirs;
};

// Their end lies above the numbers it is going to have over there.
Result<Fd> lifted(const Fd& fd, const char* what) {
  Fd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
  if (!high) return error_from_errno(what, errno);
  return high;
}

Result<Pipe> make_pipe(bool we_read) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error_from_errno("make a pipe", errno);
  Pipe pipe{Fd(ends[we_read ? 0 : 1]), Fd(ends[we_read ? 1 : 0])};
  auto theirs = lifted(pipe.theirs, "make a pipe");
  if (!theirs) return theirs.error();
  pipe.theirs = std::move(*theirs);
  return pipe;
}

// The whole input is in the pipe before anybody reads: a pipe holds 64 KiB.
Result<Fd> open_input(const std::string& input) {
  if (input.empty()) {
    return lifted(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), "open '/dev/null'");
  }
  if (input.size() > kInputMax) return Error{Errc::kInvalid, "the input is longer than 60 kB"};
  auto pipe = make_pipe(false);
  if (!pipe) return pipe.error();
  if (::write(pipe->ours.get(), input.data(), input.size()) < 0) {
    return error_from_errno("write to a pipe", errno);
  }
  return std::move(pipe->theirs);
}

uint64_t ns_from(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(time.tv_usec) * 1'000;
}

// Returns whether something had to be left out.
bool append_up_to(std::string& text, std::string_view bytes, size_t bytes_max) {
  const size_t room = bytes_max - std::min(bytes_max, text.size());
  text.append(bytes.substr(0, room));
  return bytes.size() > room;
}

}  // namespace

Result<std::unique_ptr<Command>> Command::start(Loop& loop, const Spec& spec,
                                                std::function<void(End)> on_end) {
  std::unique_ptr<Command> command(new Command(loop, spec, std::move(on_end)));
  if (auto spawned = command->spawn(spec); !spawned) return spawned.error();
  return command;
}

Command::Command(Loop& loop, const Spec& spec, std::function<void(End)> on_end)
    : loop_(loop),
      on_end_(std::move(on_end)),
      output_max_(spec.output_max),
      grace_ms_(spec.grace_ms),
      timer_(loop),
      children_(loop, SIGCHLD, [this] { on_child_signal(); }) {}

Command::~Command() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, WNOHANG);
}

Result<void> Command::spawn(const Spec& spec) {
  auto in = open_input(spec.input);
  auto out = make_pipe(true);
  auto err = make_pipe(true);
  if (!in) return in.error();
  if (!out) return out.error();
  if (!err) return err.error();
  const auto pid = give_birth(spec, {in->get(), out->theirs.get(), err->theirs.get()});
  if (!pid) return pid.error();
  pid_ = *pid;
  timer_.once(spec.timeout_ms, [this] {
    end_.timed_out = true;
    terminate();
  });
  catch_output(std::move(out->ours), std::move(err->ours));
  return {};
}

void Command::catch_output(Fd out, Fd err) {
  const auto adopt = [this](Fd fd, std::optional<Stream>& stream, std::string& text,
                            size_t bytes_max, bool* cut) {
    auto adopted = Stream::adopt(loop_, std::move(fd));
    if (!adopted) return;  // no descriptor of ours is of a kind that libuv refuses
    stream.emplace(std::move(*adopted));
    ++streams_open_;
    stream->read(
        [&text, bytes_max, cut](std::string_view bytes) {
          const bool more = append_up_to(text, bytes, bytes_max);
          if (cut != nullptr) *cut = *cut || more;
        },
        [this](const Error&) { on_stream_end(); });
  };
  adopt(std::move(out), output_, end_.output, output_max_, &end_.cut);
  adopt(std::move(err), errors_, end_.errors, kErrorsMax, nullptr);
}

void Command::stop() {
  if (pid_ <= 0 || end_.timed_out || end_.stopped) return;
  end_.stopped = true;
  terminate();
}

void Command::terminate() {
  ::kill(-pid_, SIGTERM);
  timer_.once(grace_ms_, [this] { slay(); });
}

void Command::slay() {
  ::kill(-pid_, SIGKILL);
  timer_.once(kSlainMs, [this] {
    End parked = end_;
    parked.parked = true;
    const auto tell = on_end_;  // it may destroy us
    tell(std::move(parked));
  });
}

// The group goes before its leader is reaped: afterwards the number could be somebody else's.
void Command::on_child_signal() {
  siginfo_t info{};
  if (pid_ <= 0) return;
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
  if (info.si_pid == 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  rusage usage{};
  ::wait4(pid_, &status, 0, &usage);
  pid_ = -1;
  end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  end_.cpu_ns = ns_from(usage.ru_utime) + ns_from(usage.ru_stime);
  if (streams_open_ == 0) {
    timer_.once(0, [this] { finish(); });
  } else {
    timer_.once(kLastWordsMs, [this] { finish(); });
  }
}

void Command::on_stream_end() {
  if (--streams_open_ == 0 && pid_ == -1) timer_.once(0, [this] { finish(); });
}

void Command::finish() {
  if (std::exchange(over_, true)) return;
  timer_.stop();
  output_.reset();
  errors_.reset();
  const auto tell = std::move(on_end_);
  tell(std::move(end_));
}

}  // namespace farmhand
