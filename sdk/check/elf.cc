// SPDX-License-Identifier: Apache-2.0
#include "elf.hh"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace farmhand::check {

namespace {

// Reads nothing beyond the file, whatever its numbers say.
class Image {
 public:
  explicit Image(std::string bytes) : bytes_(std::move(bytes)) {}

  template <class T>
  bool read(uint64_t offset, T& out) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof out) return false;
    memcpy(&out, bytes_.data() + offset, sizeof out);
    return true;
  }

  std::string text(uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    return std::string(bytes_.data() + offset,
                       strnlen(bytes_.data() + offset, bytes_.size() - offset));
  }

  template <class T>
  std::vector<T> array(uint64_t offset, uint64_t count) const {
    std::vector<T> all;
    T each;
    for (uint64_t i = 0; i < count && read(offset + i * sizeof(T), each); ++i) all.push_back(each);
    return all;
  }

 private:
  std::string bytes_;
};

bool is_read_only(const std::vector<Elf64_Phdr>& segments, uint64_t address) {
  bool written = true;
  for (const Elf64_Phdr& each : segments) {
    if (address < each.p_vaddr || address >= each.p_vaddr + each.p_memsz) continue;
    if (each.p_type == PT_GNU_RELRO) return true;
    if (each.p_type == PT_LOAD) written = (each.p_flags & PF_W) != 0;
  }
  return !written;
}

void read_dynamic(const Image& image, const Elf64_Shdr& section, uint64_t strings, ElfFile& out) {
  for (const auto& entry :
       image.array<Elf64_Dyn>(section.sh_offset, section.sh_size / sizeof(Elf64_Dyn))) {
    if (entry.d_tag == DT_NEEDED) out.needed.push_back(image.text(strings + entry.d_un.d_val));
    if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
      out.run_paths.push_back(image.text(strings + entry.d_un.d_val));
    }
    if (entry.d_tag == DT_TEXTREL) out.text_relocations = true;
    if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)
      out.text_relocations = true;
  }
}

void read_symbols(const Image& image, const Elf64_Shdr& section, uint64_t strings,
                  const std::vector<Elf64_Phdr>& segments, ElfFile& out) {
  for (const auto& symbol :
       image.array<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
    const unsigned bind = ELF64_ST_BIND(symbol.st_info);
    const bool visible = bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE;
    if (symbol.st_shndx == SHN_UNDEF || !visible || symbol.st_shndx == SHN_ABS) continue;
    out.exports.push_back({image.text(strings + symbol.st_name),
                           ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT,
                           is_read_only(segments, symbol.st_value)});
  }
}

}  // namespace

ElfFile read_elf(const std::string& path) {
  ElfFile out;
  std::ifstream file(path, std::ios::binary);
  const Image image(std::string(std::istreambuf_iterator<char>(file), {}));
  Elf64_Ehdr header{};
  if (!image.read(0, header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN) {
    out.error = "it is not a 64-bit ELF shared library";
    return out;
  }
  const auto segments = image.array<Elf64_Phdr>(header.e_phoff, header.e_phnum);
  for (const Elf64_Phdr& each : segments) {
    if (each.p_type == PT_GNU_STACK) out.executable_stack = (each.p_flags & PF_X) != 0;
  }
  const auto sections = image.array<Elf64_Shdr>(header.e_shoff, header.e_shnum);
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_link >= sections.size()) continue;
    const uint64_t strings = sections[section.sh_link].sh_offset;
    if (section.sh_type == SHT_DYNAMIC) read_dynamic(image, section, strings, out);
    if (section.sh_type == SHT_DYNSYM) read_symbols(image, section, strings, segments, out);
  }
  return out;
}

}  // namespace farmhand::check
