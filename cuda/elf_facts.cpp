// SPDX-License-Identifier: Apache-2.0
// The layout of elf(5), declared by offsets. Only 64 bit and little endian, since NCCL is built for nothing
// else.
#include "cuda/elf_facts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/hex.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t header_size = 64;
constexpr std::size_t segment_size = 56;
constexpr std::size_t most_segments = 256;
constexpr std::size_t most_note_bytes = 64U << 10U;
constexpr std::size_t most_dynamic_bytes = 64U << 10U;
constexpr std::size_t most_name = 4096;
constexpr std::uint32_t segment_load = 1;
constexpr std::uint32_t segment_dynamic = 2;
constexpr std::uint32_t segment_note = 4;
constexpr std::uint64_t tag_needed = 1;
constexpr std::uint64_t tag_string_table = 5;
constexpr std::uint64_t tag_symbols = 6;
constexpr std::uint64_t tag_rpath = 15;
constexpr std::uint64_t tag_runpath = 29;
constexpr std::uint64_t tag_hashes = 0x6ffffef5;
constexpr std::size_t symbol_size = 24;
constexpr int most_of_one_hash = 4096;
constexpr std::uint32_t note_build_id = 3;

struct Segment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

// 0 where the number would lie beyond the end.
template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  if (at <= bytes.size() && bytes.size() - at >= sizeof number)
    std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::vector<Segment> read_segments(const ReadAt& read, std::string_view header) {
  const auto count = number_at<std::uint16_t>(header, 56);
  if (number_at<std::uint16_t>(header, 54) != segment_size || count > most_segments) return {};
  const std::string table = read(number_at<std::uint64_t>(header, 32), count * segment_size);
  std::vector<Segment> segments;
  for (std::size_t at = 0; at + segment_size <= table.size(); at += segment_size)
    segments.push_back({number_at<std::uint32_t>(table, at), number_at<std::uint64_t>(table, at + 8),
                        number_at<std::uint64_t>(table, at + 16), number_at<std::uint64_t>(table, at + 32)});
  return segments;
}

std::string find_build_id(std::string_view notes) {
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  while (notes.size() >= 12) {
    const std::size_t name_size = number_at<std::uint32_t>(notes, 0);
    const std::size_t size = number_at<std::uint32_t>(notes, 4);
    const auto type = number_at<std::uint32_t>(notes, 8);
    notes.remove_prefix(12);
    if (name_size > notes.size() || size > notes.size() ||
        padded(name_size) + padded(size) > notes.size() + 3)
      break;
    const std::string_view name = notes.substr(0, name_size);
    if (type == note_build_id && name == std::string_view("GNU\0", 4))
      return to_hex(notes.substr(padded(name_size), size));
    notes.remove_prefix(std::min(padded(name_size) + padded(size), notes.size()));
  }
  return {};
}

std::vector<std::string> split_folders(std::string_view text) {
  std::vector<std::string> folders;
  while (!text.empty()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (colon > 0) folders.emplace_back(text.substr(0, colon));
    text.remove_prefix(std::min(colon + 1, text.size()));
  }
  return folders;
}

// The dynamic section names its strings by an address, which the loaded segments map to the file.
std::optional<std::uint64_t> file_offset(const std::vector<Segment>& segments, std::uint64_t address) {
  for (const Segment& each : segments)
    if (each.type == segment_load && address >= each.address && address - each.address < each.size)
      return each.offset + (address - each.address);
  return {};
}

std::string text_at(const ReadAt& read, std::uint64_t offset) {
  std::string text = read(offset, most_name);
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

void read_dynamic(const ReadAt& read, const std::vector<Segment>& segments, std::string_view entries,
                  ElfFacts& facts) {
  std::optional<std::uint64_t> strings;
  for (std::size_t at = 0; at + 16 <= entries.size(); at += 16) {
    const auto tag = number_at<std::uint64_t>(entries, at);
    if (tag == 0) break;
    if (tag == tag_string_table) strings = file_offset(segments, number_at<std::uint64_t>(entries, at + 8));
  }
  if (!strings) return;
  for (std::size_t at = 0; at + 16 <= entries.size(); at += 16) {
    const auto tag = number_at<std::uint64_t>(entries, at);
    if (tag == 0) return;
    if (tag != tag_needed && tag != tag_rpath && tag != tag_runpath) continue;
    const std::string text = text_at(read, *strings + number_at<std::uint64_t>(entries, at + 8));
    if (tag == tag_needed) facts.needed.push_back(text);
    if (tag == tag_rpath) facts.rpath = split_folders(text);
    if (tag == tag_runpath) facts.runpath = split_folders(text);
  }
}

// Nothing: it is none of the files that are read here.
std::optional<std::vector<Segment>> read_elf_segments(const ReadAt& read) {
  const std::string header = read(0, header_size);
  // Magic, 64 bit, little endian, version 1.
  if (header.size() < header_size || !header.starts_with("\x7f"
                                                         "ELF\x02\x01\x01"))
    return {};
  return read_segments(read, header);
}

// Where the loader's three tables are in the file.
struct SymbolTables {
  std::optional<std::uint64_t> hashes;
  std::optional<std::uint64_t> symbols;
  std::optional<std::uint64_t> names;
};

SymbolTables find_symbol_tables(const ReadAt& read, const std::vector<Segment>& segments) {
  SymbolTables tables;
  for (const Segment& each : segments) {
    if (each.type != segment_dynamic) continue;
    const std::string entries = read(each.offset, std::min<std::uint64_t>(each.size, most_dynamic_bytes));
    for (std::size_t at = 0; at + 16 <= entries.size(); at += 16) {
      const auto tag = number_at<std::uint64_t>(entries, at);
      const auto found = file_offset(segments, number_at<std::uint64_t>(entries, at + 8));
      if (tag == 0) break;
      if (tag == tag_hashes) tables.hashes = found;
      if (tag == tag_symbols) tables.symbols = found;
      if (tag == tag_string_table) tables.names = found;
    }
  }
  return tables;
}

// The symbols whose hash is this one's, as the loader goes through them: where their entries are in the file.
std::vector<std::uint64_t> find_symbols(const ReadAt& read, const SymbolTables& tables,
                                        std::string_view name) {
  std::uint32_t hash = 5381;
  for (const char letter : name) hash = hash * 33U + static_cast<unsigned char>(letter);
  const std::string sizes = read(*tables.hashes, 16);
  const auto buckets = number_at<std::uint32_t>(sizes, 0);
  const auto first = number_at<std::uint32_t>(sizes, 4);
  if (buckets == 0) return {};
  const std::uint64_t bucket_table = *tables.hashes + 16 + 8ULL * number_at<std::uint32_t>(sizes, 8);
  const std::uint64_t chains = bucket_table + 4ULL * buckets;
  auto symbol = number_at<std::uint32_t>(read(bucket_table + 4ULL * (hash % buckets), 4), 0);
  std::vector<std::uint64_t> found;
  for (int i = 0; i < most_of_one_hash && symbol >= first; ++i, ++symbol) {
    const std::string chain = read(chains + 4ULL * (symbol - first), 4);
    const auto of_symbol = number_at<std::uint32_t>(chain, 0);
    if ((of_symbol | 1U) == (hash | 1U))
      found.push_back(*tables.symbols + symbol_size * std::uint64_t{symbol});
    if (chain.size() < 4 || (of_symbol & 1U) != 0) break;
  }
  return found;
}

// Calls with what reads the file; nothing where it cannot be opened.
template <class Parse>
auto parse_file(const std::filesystem::path& file, const Parse& parse) -> decltype(parse(ReadAt())) {
  const int opened = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (opened < 0) return {};
  auto parsed = parse([&](std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = pread(opened, bytes.data(), size, static_cast<off_t>(offset));
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  });
  close(opened);
  return parsed;
}

}  // namespace

std::optional<ElfFacts> parse_elf(const ReadAt& read) {
  const auto segments = read_elf_segments(read);
  if (!segments) return {};
  ElfFacts facts;
  for (const Segment& each : *segments) {
    if (each.type == segment_note && facts.build_id.empty())
      facts.build_id = find_build_id(read(each.offset, std::min<std::uint64_t>(each.size, most_note_bytes)));
    if (each.type == segment_dynamic)
      read_dynamic(read, *segments, read(each.offset, std::min<std::uint64_t>(each.size, most_dynamic_bytes)),
                   facts);
  }
  return facts;
}

std::optional<ElfFacts> read_elf_file(const std::filesystem::path& file) {
  return parse_file(file, [](const ReadAt& read) { return parse_elf(read); });
}

std::optional<std::string> parse_elf_text(const ReadAt& read, std::string_view name) {
  const auto segments = read_elf_segments(read);
  if (!segments) return {};
  const SymbolTables tables = find_symbol_tables(read, *segments);
  if (!tables.hashes || !tables.symbols || !tables.names) return {};
  for (const std::uint64_t at : find_symbols(read, tables, name)) {
    const std::string symbol = read(at, symbol_size);
    if (text_at(read, *tables.names + number_at<std::uint32_t>(symbol, 0)) != name) continue;
    // An entry without a section stands for what the library itself asks others for.
    const auto text = file_offset(*segments, number_at<std::uint64_t>(symbol, 8));
    if (number_at<std::uint16_t>(symbol, 6) == 0 || !text) return {};
    return text_at(read, *text);
  }
  return {};
}

std::optional<std::string> read_elf_text(const std::filesystem::path& file, std::string_view name) {
  return parse_file(file, [&](const ReadAt& read) { return parse_elf_text(read, name); });
}

}  // namespace smlaunch
