// SPDX-License-Identifier: Apache-2.0
// libnvidia-ml.so.1, NVIDIA's management library, and our session with it. NVML is thread safe (its
// reference manual says so), so cards are asked at once; only beginning anew is for one alone.
#pragma once

#include <farmhand/library.hh>
#include <farmhand/reading.hh>

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "declarations.hh"

namespace farmhand::nvidia {

// What a code of the library says of a reading.
int32_t status_of(nvml::Ret code);

// The same in words, for sentences; the library's own texts vary with its release.
std::string words_of(nvml::Ret code);

inline bool is_lost(nvml::Ret code) {
  return code == nvml::kGpuIsLost || code == nvml::kGpuNotFound;
}

class Nvml {
 public:
  explicit Nvml(std::vector<std::string> names) : names_(std::move(names)) {}
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  ~Nvml() { close(); }

  // Loads the library and begins the session where there is none, or where the last one came to
  // doubt. Empty, or a sentence on why there is none.
  std::string open();
  void close();

  // Held while the library is used. `ready` is false where there is no session.
  class Use {
   public:
    explicit Use(Nvml& library)
        : lock_(library.sessions_), ready_(library.ready_), session_(library.session_) {}
    bool ready() const { return ready_; }
    uint64_t session() const { return session_; }

   private:
    std::shared_lock<std::shared_timed_mutex> lock_;
    bool ready_;
    uint64_t session_;
  };

  const nvml::Api& api() const { return api_; }

  // A call told that library or driver changed under us: the next `open` begins anew.
  void note(nvml::Ret code) {
    const bool over =
        code == nvml::kUninitialized || code == nvml::kDriverNotLoaded || code == nvml::kMismatch;
    if (over) doubted_ = true;
  }
  // True from then on. Who uses the library all the time stands back, so that `open` gets its turn.
  bool doubted() const { return doubted_; }

 private:
  std::string load();
  void find_symbols(Library* library);
  void find_slices_and_events(const Library& library);

  std::vector<std::string> names_;
  nvml::Api api_{};
  std::shared_timed_mutex sessions_;
  bool loaded_ = false;
  std::atomic<bool> doubted_ = false;
  std::atomic<bool> ready_ = false;
  std::atomic<uint64_t> session_ = 0;
};

}  // namespace farmhand::nvidia
