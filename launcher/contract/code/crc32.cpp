// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/crc32.hpp"

#include <array>

namespace smlaunch {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1U) : value >> 1U;
    table[i] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

}  // namespace

void Crc32::add(std::string_view bytes) {
  std::uint32_t state = state_;
  for (const char byte : bytes)
    state = table[(state ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (state >> 8U);
  state_ = state;
}

}  // namespace smlaunch
