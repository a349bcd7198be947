// SPDX-License-Identifier: Apache-2.0
#include "host/exports.hh"

#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace farmhand::host {

namespace {

constexpr std::string_view kEntry = "farmhand_plugin_v1";
constexpr std::string_view kEntryPrefix = "farmhand_plugin_v";

// What linkers define in every library.
bool is_linker_symbol(std::string_view name) {
  return name == "_init" || name == "_fini" || name == "_edata" || name == "_end" ||
         name == "__bss_start";
}

class Mapping {
 public:
  explicit Mapping(int fd) {
    struct stat file {};
    if (::fstat(fd, &file) != 0 || file.st_size <= 0) return;
    size_ = static_cast<size_t>(file.st_size);
    void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at != MAP_FAILED) at_ = static_cast<const char*>(at);
  }
  ~Mapping() {
    if (at_ != nullptr) ::munmap(const_cast<char*>(at_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::string_view bytes() const { return {at_, at_ == nullptr ? 0 : size_}; }

 private:
  const char* at_ = nullptr;
  size_t size_ = 0;
};

// A copy of the T at `offset`: the file may be anything, also unaligned.
template <typename T>
std::optional<T> read_at(std::string_view file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::optional<Elf64_Shdr> section(std::string_view file, const Elf64_Ehdr& head, uint32_t index) {
  if (index >= head.e_shnum || head.e_shentsize != sizeof(Elf64_Shdr)) return std::nullopt;
  if (head.e_shoff > file.size()) return std::nullopt;
  return read_at<Elf64_Shdr>(file, head.e_shoff + uint64_t{index} * sizeof(Elf64_Shdr));
}

std::optional<std::string_view> contents(std::string_view file, const Elf64_Shdr& head) {
  if (head.sh_offset > file.size() || head.sh_size > file.size() - head.sh_offset) {
    return std::nullopt;
  }
  return file.substr(head.sh_offset, head.sh_size);
}

bool is_exported(const Elf64_Sym& symbol) {
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL &&
         visibility != STV_HIDDEN && visibility != STV_INTERNAL;
}

std::string_view name_at(std::string_view names, uint32_t offset) {
  if (offset >= names.size()) return {};
  const std::string_view rest = names.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

Result<void> check_symbols(std::string_view symbols, std::string_view names) {
  bool entry_found = false;
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size(); at += sizeof(Elf64_Sym)) {
    const Elf64_Sym symbol = *read_at<Elf64_Sym>(symbols, at);
    if (!is_exported(symbol)) continue;
    const std::string_view name = name_at(names, symbol.st_name);
    if (is_linker_symbol(name)) continue;
    if (!name.starts_with(kEntryPrefix)) {
      return Error{Errc::kRefused, "it exports '" + std::string(name.substr(0, 100)) +
                                       "' beside farmhand_plugin_v1; link it with "
                                       "-fvisibility=hidden and the SDK's version script"};
    }
    if (name != kEntry) continue;
    if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT) {
      return Error{Errc::kRefused,
                   "its farmhand_plugin_v1 is not a data object; declare it as "
                   "`const fh_plugin_entry farmhand_plugin_v1`"};
    }
    entry_found = true;
  }
  if (entry_found) return {};
  return Error{Errc::kRefused, "it does not export farmhand_plugin_v1; export it with FH_EXPORT"};
}

}  // namespace

Result<void> check_exports(int fd) {
  const Error malformed{Errc::kRefused, "it is not a whole 64-bit ELF library; build it again"};
  const Mapping mapping(fd);
  const std::string_view file = mapping.bytes();
  const auto head = read_at<Elf64_Ehdr>(file, 0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return malformed;
  if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_type != ET_DYN) return malformed;
  for (uint32_t i = 0; i < head->e_shnum; ++i) {
    const auto table = section(file, *head, i);
    if (!table) return malformed;
    if (table->sh_type != SHT_DYNSYM) continue;
    const auto strings = section(file, *head, table->sh_link);
    const auto symbols = contents(file, *table);
    const auto names = strings ? contents(file, *strings) : std::nullopt;
    if (!symbols || !names) return malformed;
    return check_symbols(*symbols, *names);
  }
  return malformed;
}

}  // namespace farmhand::host
