// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/crc32c.hpp"

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include <array>
#include <cstring>
#include <string>

namespace smlaunch {

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // its bits from the last to the first

// One table for each number of zero bytes behind a byte.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest & 1U) != 0 ? (rest >> 1U) ^ polynomial : rest >> 1U;
    tables[0][byte] = rest;
  }
  for (std::size_t zeros = 1; zeros < tables.size(); ++zeros)
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t last = tables[zeros - 1][byte];
      tables[zeros][byte] = (last >> 8U) ^ tables[0][last & 0xffU];
    }
  return tables;
}

constexpr Tables tables = make_tables();

std::uint32_t take_byte(std::uint32_t rest, char byte) {
  return (rest >> 8U) ^ tables[0][(rest ^ static_cast<unsigned char>(byte)) & 0xffU];
}

#ifdef __x86_64__
std::uint64_t word_at(const char* data) {
  std::uint64_t word = 0;
  std::memcpy(&word, data, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint64_t take_words(std::uint64_t rest, std::string_view& data) {
  for (; data.size() >= sizeof(std::uint64_t); data.remove_prefix(sizeof(std::uint64_t)))
    rest = __builtin_ia32_crc32di(rest, word_at(data.data()));
  return rest;
}

// Each step waits three times as long for the one before it as the CPU takes for it: so three stretches of this length are
// gone through at once.
constexpr std::size_t stretch = 4096;

// What becomes of each bit of a rest when `stretch` zero bytes follow.
using AfterZeros = std::array<std::uint32_t, 32>;

AfterZeros make_after_zeros() {
  AfterZeros after{};
  const std::string zeros(stretch, '\0');
  for (std::size_t bit = 0; bit < after.size(); ++bit) {
    std::string_view data = zeros;
    after[bit] = static_cast<std::uint32_t>(take_words(std::uint64_t{1} << bit, data));
  }
  return after;
}

// Without branches: no CPU foretells them.
std::uint64_t add_zeros(std::uint64_t rest) {
  static const AfterZeros after = make_after_zeros();
  std::uint64_t sum = 0;
  for (std::size_t bit = 0; bit < after.size(); ++bit)
    sum ^= after[bit] & (0U - static_cast<std::uint32_t>((rest >> bit) & 1U));
  return sum;
}

__attribute__((target("sse4.2"))) std::uint64_t take_stretches(std::uint64_t rest, std::string_view& data) {
  for (; data.size() >= 3 * stretch; data.remove_prefix(3 * stretch)) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const char* at = data.data(); at < data.data() + stretch; at += sizeof(std::uint64_t)) {
      rest = __builtin_ia32_crc32di(rest, word_at(at));
      second = __builtin_ia32_crc32di(second, word_at(at + stretch));
      third = __builtin_ia32_crc32di(third, word_at(at + 2 * stretch));
    }
    rest = add_zeros(add_zeros(rest) ^ second) ^ third;
  }
  return rest;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_cpu(std::string_view data, std::uint32_t before) {
  std::uint64_t rest = ~before;
  rest = take_stretches(rest, data);
  rest = take_words(rest, data);
  auto last = static_cast<std::uint32_t>(rest);
  for (const char byte : data) last = __builtin_ia32_crc32qi(last, static_cast<unsigned char>(byte));
  return ~last;
}

// Not by __builtin_cpu_supports(): with it the compiler's library asks the CPU for all its features in every process of
// ours when it starts, and in a virtual machine each of these questions goes to the hypervisor.
bool cpu_has_crc32c() {
  static const bool has = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
  }();
  return has;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::string_view data, std::uint32_t before) {
  std::uint32_t rest = ~before;
  while (data.size() >= 8) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const auto byte = static_cast<unsigned char>(data[i]);
      const std::uint32_t mixed = i < 4 ? (rest >> (8 * i)) & 0xffU : 0U;
      next ^= tables[7 - i][byte ^ mixed];
    }
    rest = next;
    data.remove_prefix(8);
  }
  for (const char byte : data) rest = take_byte(rest, byte);
  return ~rest;
}

std::uint32_t crc32c(std::string_view data, std::uint32_t before) {
#ifdef __x86_64__
  if (cpu_has_crc32c()) return crc32c_by_cpu(data, before);
#endif
  return crc32c_by_table(data, before);
}

}  // namespace smlaunch
