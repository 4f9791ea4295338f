// SPDX-License-Identifier: Apache-2.0
// Libraries of NCCL that a job brings, and of Open MPI that a host has.
#include "cuda/elf_facts.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const ReadAt read = [&](std::uint64_t offset, std::size_t size) {
    return offset >= bytes.size() ? std::string() : std::string(bytes.substr(offset, size));
  };
  (void)parse_elf(read);
  (void)parse_elf_text(read, "orte_version_string");
}

}  // namespace smlaunch
