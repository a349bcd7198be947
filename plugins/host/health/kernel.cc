// SPDX-License-Identifier: Apache-2.0
// `kernel`: what the kernel remembers against itself until the next boot. Everybody may read it,
// which is why it is worth having beside the kernel's log.
#include <farmhand/sysfs.hh>

#include "check.hh"

namespace farmhand::node {

namespace {

// linux Documentation/admin-guide/tainted-kernels.rst. Taints by drivers' licences and by warnings
// are daily life.
struct Taint {
  unsigned bit;
  const char* reason;
  const char* what;
};

constexpr Taint kTaints[] = {
    {4, FH_REASON_NODE_MEMORY_ERRORS, "a processor reported a machine check"},
    {5, FH_REASON_NODE_KERNEL, "the kernel found a page in a bad state"},
    {7, FH_REASON_NODE_KERNEL, "the kernel had an oops"},
    {14, FH_REASON_NODE_KERNEL, "a processor was stuck in the kernel"},
};

class Kernel : public Check {
 public:
  explicit Kernel(const Roots& roots) : file_(roots.proc + "/sys/kernel/tainted") {}

  void look(Call& call) override {
    const Text file = read_text(file_);
    if (file.status == FH_SAMPLE_NOT_SUPPORTED) return;
    const auto bits = integer_from<uint64_t>(file.text);
    if (!bits) return call.emit(unknown_record("kernel", "the kernel's taint is not readable"));
    Worst worst("kernel");
    for (const Taint& each : kTaints) {
      if ((*bits >> each.bit & 1) == 0) continue;
      worst.add(FH_VERDICT_WARN, each.reason, std::string(each.what) + " since the last boot");
    }
    worst.add_ok({{"kernel.tainted", static_cast<double>(*bits), FH_UNIT_NONE, {}, {}, {}}});
    worst.emit(call);
  }

 private:
  std::string file_;
};

}  // namespace

std::unique_ptr<Check> kernel_check(const Roots& roots) {
  return std::make_unique<Kernel>(roots);
}

}  // namespace farmhand::node
