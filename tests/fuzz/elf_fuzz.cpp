// SPDX-License-Identifier: Apache-2.0
// Libraries of NCCL that a job brings.
#include "cuda/elf_facts.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  (void)parse_elf([&](std::uint64_t offset, std::size_t size) {
    return offset >= bytes.size() ? std::string() : std::string(bytes.substr(offset, size));
  });
}

}  // namespace smlaunch
