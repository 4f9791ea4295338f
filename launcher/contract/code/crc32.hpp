// SPDX-License-Identifier: Apache-2.0
// The sum at the end of a gzip file (RFC 1952, 8), which libarchive does not look at.
#pragma once

#include <cstdint>
#include <string_view>

namespace smlaunch {

class Crc32 {
 public:
  void add(std::string_view bytes);
  [[nodiscard]] std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace smlaunch
