// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace smlaunch {

// The CRC of Castagnoli, as S3's x-amz-checksum-crc32c has it. `before`: of the data that comes before; 0: none does.
// Some ten times as fast as MD5 where the CPU has an instruction for it.
std::uint32_t crc32c(std::string_view data, std::uint32_t before = 0);

// The same without that instruction.
std::uint32_t crc32c_by_table(std::string_view data, std::uint32_t before = 0);

}  // namespace smlaunch
