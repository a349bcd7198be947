// SPDX-License-Identifier: Apache-2.0
// Memory lent to the plugin that ends where a forbidden page begins, and that can be forbidden
// altogether once the loan is over. Reading past a struct or keeping a pointer is then a fault with
// a name, not luck.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace farmhand::check {

// How carefully arguments are lent.
enum class Lending {
  kPlain,    // ordinary memory
  kGuarded,  // the byte after each argument faults
  kRecalled  // guarded, and every byte faults once the call is over
};

// The arguments of one call; they end with it.
class Loan {
 public:
  explicit Loan(Lending lending) : lending_(lending) {}
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan();

  // A copy of the bytes. `what` names them in a finding: "fh_config".
  void* lend(const void* bytes, size_t size, const char* what);

  template <class T>
  T* lend(const T& value, const char* what) {
    return static_cast<T*>(lend(&value, sizeof value, what));
  }

 private:
  struct Block {
    char* begin;
    size_t pages_size;  // 0: plain
  };
  Lending lending_;
  std::vector<Block> blocks_;
};

// What lies at a faulting address, as a sentence; null: not ours. Safe in a signal handler.
const char* guarded_at(const void* address);

}  // namespace farmhand::check
