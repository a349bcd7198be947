// SPDX-License-Identifier: Apache-2.0
// Runs a target without libFuzzer: every seed, then a number of mutated inputs. On a failure the
// number of the input is on stderr, and `--only NUMBER` runs it alone.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "mutation.hh"

// There with the address sanitizer, which ends the process without a signal.
extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace farmhand::fuzz {
namespace {

struct Flags {
  uint64_t seed = 1;
  uint64_t count = 10'000;
  uint64_t only = 0;
  bool print = false;
  std::vector<std::string> files;
  std::string write_seeds;
};

uint64_t g_seed = 0;
uint64_t g_number = 0;  // of the input that runs now; 0: a seed or a file

void say_which() {
  std::fprintf(stderr, "input: --seed %llu --only %llu\n", static_cast<unsigned long long>(g_seed),
               static_cast<unsigned long long>(g_number));
}

void on_signal(int signal) {
  say_which();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch_for_death() {
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(say_which);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, on_signal);
}

void run_one(const std::string& input) {
  // A copy of exactly its size, so that a sanitizer sees the first byte beyond.
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void write_all(const Seeds& all, const std::string& directory) {
  size_t number = 0;
  for (const std::string& seed : all)
    std::ofstream(directory + "/seed-" + std::to_string(++number), std::ios::binary) << seed;
}

int run(int argc, char** argv) {
  Flags flags;
  CLI::App app("Gives a decoder of foreign bytes what it does not expect");
  app.add_option("--seed", flags.seed, "of all mutations");
  app.add_option("--count", flags.count, "inputs beside the seeds");
  app.add_option("--only", flags.only, "this one input");
  app.add_flag("--print", flags.print, "write the one input to stdout instead");
  app.add_option("--write-seeds", flags.write_seeds, "a directory; nothing is run");
  app.add_option("files", flags.files, "run these instead");
  CLI11_PARSE(app, argc, argv);

  const Seeds all = seeds();
  if (!flags.write_seeds.empty()) {
    write_all(all, flags.write_seeds);
    return 0;
  }
  watch_for_death();
  g_seed = flags.seed;
  for (const std::string& path : flags.files) {
    std::ifstream file(path, std::ios::binary);
    run_one(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  if (!flags.files.empty()) return 0;
  Mutator mutator(all);
  if (flags.only != 0) {
    const std::string input = mutator.input(flags.seed, g_number = flags.only);
    if (flags.print)
      std::fwrite(input.data(), 1, input.size(), stdout);
    else
      run_one(input);
    return 0;
  }
  for (const std::string& seed : all) run_one(seed);
  for (g_number = 1; g_number <= flags.count; ++g_number)
    run_one(mutator.input(flags.seed, g_number));
  std::printf("%zu seeds and %llu inputs, seed %llu\n", all.size(),
              static_cast<unsigned long long>(flags.count),
              static_cast<unsigned long long>(flags.seed));
  return 0;
}

}  // namespace
}  // namespace farmhand::fuzz

int main(int argc, char** argv) {
  return farmhand::fuzz::run(argc, argv);
}
