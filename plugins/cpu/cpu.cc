// SPDX-License-Identifier: Apache-2.0
// The plugin `cpu`: the node's processors as devices that compute. README.md says what they offer.
#include <farmhand/plugin.hh>
#include <memory>

#include "peaks.hh"
#include "processor.hh"
#include "tests.hh"

namespace farmhand::cpu {

namespace {

class Cpu {
 public:
  static constexpr uint64_t kFlags = FH_FLAG_USES_THREADS;

  Cpu(const Host&, const Settings& settings)
      : settings_(settings),
        root_(settings.text("root", "/")),
        clock_mhz_(settings.number("clock_mhz", 0, 0, 10'000)),
        libraries_(settings.list("openblas", "libopenblas.so.0"),
                   settings.list("onednn", "libdnnl.so.2,libdnnl.so.3")) {
    settings.refuse_unknown({"root", "clock_mhz", "openblas", "onednn"});
  }

  void enumerate(Call& call) {
    std::string why;
    std::vector<Package> packages = find_packages(root_, &why);
    if (packages.empty()) fail(FH_E_UNSUPPORTED, "not detectable: %s", why.c_str());
    const size_t count = packages.size();
    for (Package& package : packages) {
      if (settings_.excluded(package.key)) continue;
      emit_device(call, *processor_for(std::move(package), count));
    }
  }

  void metrics(Call& call) { require(call.device())->declare(call); }

  void sample(Call& call, std::span<const uint32_t> ids) {
    require(call.device())->sample(call, ids);
  }

  void check(Call& call) {
    if (call.device() != FH_NO_DEVICE) require(call.device())->check(call);
  }

  // There is no node to give: a hint where to run. The names of OpenMP, which most libraries heed,
  // and two of our own for whoever sets a cpuset.
  void prepare(Call& call, const Lease& lease) {
    std::vector<int32_t> cpus, nodes;
    size_t cores = 0;
    for (const Leased& each : lease.devices) {
      if (!each.slice.empty()) fail(FH_E_INVALID, "a processor package has no slices");
      const std::shared_ptr<Processor> processor = require(each.device);
      const Package& package = processor->package();
      cpus.insert(cpus.end(), package.cpus.begin(), package.cpus.end());
      nodes.insert(nodes.end(), package.numa_nodes.begin(), package.numa_nodes.end());
      cores += package.cores.size();
    }
    std::sort(cpus.begin(), cpus.end());
    std::sort(nodes.begin(), nodes.end());
    const std::string list = text_from(cpus);
    call.emit(variable_record("FARMHAND_CPUS", list));
    if (!nodes.empty()) call.emit(variable_record("FARMHAND_NUMA_NODES", text_from(nodes)));
    call.emit(variable_record("GOMP_CPU_AFFINITY", list));
    call.emit(variable_record("OMP_NUM_THREADS", std::to_string(cores)));
  }

  void release(Call&, const Lease&) {}

  void tests(Call& call) { list_tests(call, require(call.device())->package()); }

  void run(Call& call, const TestRun& run) {
    const std::shared_ptr<Processor> processor = require(call.device());
    const std::vector<Peak> peaks = peaks_of(root_, processor->package(), clock_mhz_);
    run_test({call, run, processor->package(), libraries_, peaks});
  }

 private:
  // A package whose processors changed is looked at afresh, under its old handle.
  std::shared_ptr<Processor> processor_for(Package package, size_t count) {
    const std::lock_guard lock(mutex_);
    const auto next = static_cast<uint32_t>(handles_.size());
    const uint32_t handle = handles_.try_emplace(package.key, next).first->second;
    std::shared_ptr<Processor>& processor = processors_[handle];
    if (!processor || processor->package().cpus != package.cpus) {
      processor = std::make_shared<Processor>(handle, root_, std::move(package), count);
    }
    return processor;
  }

  std::shared_ptr<Processor> require(uint32_t handle) {
    const std::lock_guard lock(mutex_);
    const auto found = processors_.find(handle);
    if (found == processors_.end()) fail(FH_E_INVALID, "no device has the handle %u", handle);
    return found->second;
  }

  void emit_device(Call& call, const Processor& processor) const {
    const Package& package = processor.package();
    fh_device record = device_record(processor.handle(), package.key);
    record.numa_node = package.numa_node();
    record.index = package.id;
    record.vendor = str(package.vendor);
    record.model = str(package.model);
    record.serial = str(package.serial);
    record.firmware = str(package.firmware);
    record.memory_bytes = package.memory_bytes;
    const bool nameless = package.serial.empty();
    if (nameless) record.note = str("named by its socket: its serial number is for root only");
    call.emit(record);
    for (const Peak& peak : peaks_of(root_, package, clock_mhz_)) {
      call.emit(peak_record(processor.handle(), peak.dtype, peak.tera_ops, peak.source));
    }
  }

  Settings settings_;
  Root root_;
  int64_t clock_mhz_;
  Libraries libraries_;
  std::mutex mutex_;                         // enumeration runs beside the other calls
  std::map<std::string, uint32_t> handles_;  // by key
  std::map<uint32_t, std::shared_ptr<Processor>> processors_;
};

}  // namespace

}  // namespace farmhand::cpu

FARMHAND_PLUGIN(farmhand::cpu::Cpu, "cpu", "cpu", FARMHAND_VERSION);
