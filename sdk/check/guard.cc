// SPDX-License-Identifier: Apache-2.0
#include "guard.hh"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace farmhand::check {

namespace {

// A ring: a call's arguments stay forbidden for the next few hundred calls, which is long enough to
// catch who kept a pointer, and bounded.
constexpr size_t kSlots = 4096;

struct Slot {
  std::atomic<char*> begin{nullptr};
  size_t size = 0;  // with the guard page
  bool recalled = false;
  char beyond[200];
  char after[200];
};
Slot slots[kSlots];
std::atomic<size_t> next_slot{0};

Slot& note(char* begin, size_t size, const char* what) {
  Slot& slot = slots[next_slot++ % kSlots];
  char* const old = slot.begin.exchange(nullptr);
  if (old != nullptr && slot.recalled) munmap(old, slot.size);
  slot.size = size;
  slot.recalled = false;
  snprintf(slot.beyond, sizeof slot.beyond,
           "it touched the bytes after the end of %s: use no byte beyond its size or length", what);
  snprintf(slot.after, sizeof slot.after,
           "it touched %s after the call it was given to had returned: copy what is needed later",
           what);
  slot.begin = begin;
  return slot;
}

Slot* find(const void* address) {
  const auto* const place = static_cast<const char*>(address);
  for (Slot& slot : slots) {
    char* const begin = slot.begin;
    if (begin != nullptr && place >= begin && place < begin + slot.size) return &slot;
  }
  return nullptr;
}

}  // namespace

void* Loan::lend(const void* bytes, size_t size, const char* what) {
  if (lending_ == Lending::kPlain) {
    auto* const plain = static_cast<char*>(malloc(size + 1));
    if (size > 0) memcpy(plain, bytes, size);
    blocks_.push_back({plain, 0});
    return plain;
  }
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t room = (size + page - 1) / page * page;
  auto* const begin = static_cast<char*>(
      mmap(nullptr, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(begin + room, page, PROT_NONE);
  note(begin, room + page, what);
  blocks_.push_back({begin, room + page});
  char* const place = begin + room - size;
  if (size > 0) memcpy(place, bytes, size);
  return place;
}

Loan::~Loan() {
  for (const Block& block : blocks_) {
    if (block.pages_size == 0) {
      free(block.begin);
      continue;
    }
    Slot* const slot = find(block.begin);
    if (lending_ == Lending::kRecalled && slot != nullptr) {
      mprotect(block.begin, block.pages_size, PROT_NONE);
      slot->recalled = true;
      continue;
    }
    if (slot != nullptr) slot->begin = nullptr;
    munmap(block.begin, block.pages_size);
  }
}

const char* guarded_at(const void* address) {
  const Slot* const slot = find(address);
  if (slot == nullptr) return nullptr;
  return slot->recalled ? slot->after : slot->beyond;
}

}  // namespace farmhand::check
