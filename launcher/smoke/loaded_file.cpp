// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/loaded_file.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "base/hex.hpp"

namespace smlaunch {

namespace {

struct Search {
  std::uintptr_t address = 0;
  LoadedFile found;
};

std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

// The notes of a segment: header, name, description, each padded to four bytes (elf(5)).
std::string find_build_id(const char* notes, std::size_t size) {
  while (size > sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof note);
    const std::size_t length = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (length > size) return "";
    const char* name = notes + sizeof note;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      return to_hex({name + padded(note.n_namesz), note.n_descsz});
    }
    notes += length;
    size -= length;
  }
  return "";
}

int look_at(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  bool is_it = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    is_it = is_it || (segment.p_type == PT_LOAD && search.address >= begin &&
                      search.address < begin + segment.p_memsz);
  }
  if (!is_it) return 0;
  std::error_code error;
  const auto path = std::filesystem::canonical(info->dlpi_name, error);
  search.found.path = error ? info->dlpi_name : path.string();
  for (int i = 0; i < info->dlpi_phnum && search.found.build_id.empty(); ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_NOTE)
      search.found.build_id =
          find_build_id(reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr), segment.p_memsz);
  }
  return 1;
}

}  // namespace

LoadedFile find_loaded_file(const void* symbol) {
  Search search{reinterpret_cast<std::uintptr_t>(symbol), {}};
  dl_iterate_phdr(look_at, &search);
  return search.found;
}

}  // namespace smlaunch
