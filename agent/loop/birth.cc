// SPDX-License-Identifier: Apache-2.0
#include "loop/birth.hh"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "base/file.hh"

namespace farmhand {

namespace {

constexpr int kErrorFd = 3;
constexpr size_t kStackBytes = 64 * 1024;

// Everything the child needs, made before it is born: it shares our memory and must not allocate.
struct Birth {
  std::vector<char*> argv;
  std::vector<char*> env;
  std::array<int, 3> fds;
  int error_fd;
  int nice;
  const Command::User* user;
};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The bare system calls: glibc's setuid and its like would signal all threads to follow suit, and
// in borrowed memory it takes our threads for the child's own.
bool become(const Command::User& user) {
  return ::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0 &&
         ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0;
}

bool take_descriptors(const Birth& birth) {
  for (int i = 0; i < 3; ++i) {
    if (::dup2(birth.fds[static_cast<size_t>(i)], i) < 0) return false;
  }
  if (::dup3(birth.error_fd, kErrorFd, O_CLOEXEC) < 0) return false;
  // Ours are all close-on-exec; this is for what a library opened otherwise. An old kernel has no
  // such call, and then the former has to do.
  ::syscall(SYS_close_range, kErrorFd + 1, ~0U, 0);
  return true;
}

void forget_signals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signum = 1; signum < NSIG; ++signum) ::sigaction(signum, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The child. Capabilities that we keep across exec for the plugin hosts are none of its business,
// and it dies when we do: its time limit would die with us.
__attribute__((no_sanitize("address", "undefined"))) int be_born(void* argument) {
  const auto& birth = *static_cast<const Birth*>(argument);
  ::setsid();
  ::setpriority(PRIO_PROCESS, 0, birth.nice);
  bool good = ::chdir("/") == 0 && (birth.user == nullptr || become(*birth.user));
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  good = good && take_descriptors(birth);
  if (good) {
    forget_signals();
    ::execve(birth.argv[0], birth.argv.data(), birth.env.data());
  }
  const int error = errno;
  if (::write(kErrorFd, &error, sizeof error) < 0) ::_exit(126);
  ::_exit(127);
}

class Stack {
 public:
  Stack()
      : at_(::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {}
  ~Stack() {
    if (good()) ::munmap(at_, kStackBytes);
  }
  Stack(const Stack&) = delete;
  bool good() const { return at_ != MAP_FAILED; }
  void* top() const { return static_cast<char*>(at_) + kStackBytes; }

 private:
  void* at_;
};

// No handler of ours may run in the child while it borrows our memory.
pid_t clone_quietly(Birth& birth, const Stack& stack) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::clone(be_born, stack.top(), CLONE_VM | CLONE_VFORK | SIGCHLD, &birth);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

}  // namespace

Result<pid_t> give_birth(const Command::Spec& spec, const std::array<int, 3>& fds) {
  const std::string what = "start '" + spec.argv[0] + "'";
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error_from_errno(what, errno);
  const Fd errors(ends[0]);
  Fd theirs(ends[1]);
  Fd lifted(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, 10));
  const Stack stack;
  if (!lifted || !stack.good()) return error_from_errno(what, errno);
  theirs = Fd();
  Birth birth{.argv = pointers_to(spec.argv),
              .env = pointers_to(spec.env),
              .fds = fds,
              .error_fd = lifted.get(),
              .nice = spec.nice,
              .user = spec.user ? &*spec.user : nullptr};
  const pid_t pid = clone_quietly(birth, stack);
  if (pid < 0) return error_from_errno(what, errno);
  lifted = Fd();
  int error = 0;
  if (::read(errors.get(), &error, sizeof error) != sizeof error) return pid;
  ::waitpid(pid, nullptr, 0);  // it has nothing left to do but to end
  return error_from_errno(what, error);
}

}  // namespace farmhand
