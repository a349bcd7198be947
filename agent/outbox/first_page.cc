// SPDX-License-Identifier: Apache-2.0
#include "outbox/first_page.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hh"

namespace farmhand {

namespace {

// Of SQLite's file header (sqlite.org/fileformat2.html, section 1.3), all big-endian.
constexpr size_t kPagesAt = 28, kFreelistAt = 32, kApplicationIdAt = 68;

void put_be(std::string& page, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) page[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

std::string read_first_page(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string page(kPageBytes, '\0');
  return ::pread(fd.get(), page.data(), page.size(), 0) == std::ssize(page) ? page : std::string();
}

bool write_first_page(const std::string& path, const std::string& page) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  return ::pwrite(fd.get(), page.data(), page.size(), 0) == std::ssize(page);
}

// A whole database with neither of our marks; one of them may be what is damaged.
bool is_of_somebody_else(const std::string& page) {
  return page.starts_with("SQLite format 3") && page.compare(kApplicationIdAt, 4, "FHOB") != 0 &&
         page.find("CREATE TABLE epoch_end") == page.npos;
}

}  // namespace

FirstPage::FirstPage(const std::string& damaged_path, Tables& fresh) : path_(damaged_path) {
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return;
  const std::string damaged = read_first_page(path_);
  if (damaged.empty() || is_of_somebody_else(damaged)) return;
  if (!fresh.db.checkpoint(sqlite::Database::Checkpoint::kPassive)) return;
  std::string page = read_first_page(fresh.db.path());
  if (page.empty()) return;
  put_be(page, kPagesAt, static_cast<uint32_t>(file.st_size / static_cast<off_t>(kPageBytes)));
  put_be(page, kFreelistAt, 0);
  put_be(page, kFreelistAt + 4, 0);
  if (write_first_page(path_, page)) original_ = damaged;
}

FirstPage::~FirstPage() {
  if (!original_.empty()) (void)write_first_page(path_, original_);
}

}  // namespace farmhand
