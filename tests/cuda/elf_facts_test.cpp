// SPDX-License-Identifier: Apache-2.0
#include "cuda/elf_facts.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace smlaunch {
namespace {

// A file as small as one can be that has what is looked for: header, three segments, notes, dynamic section
// and its strings.
class MadeUpElf {
 public:
  MadeUpElf() {
    bytes.resize(0x400, '\0');
    bytes.replace(0, 7,
                  std::string("\x7f"
                              "ELF\x02\x01\x01",
                              7));
    put<std::uint64_t>(32, 64);  // where the segments are described
    put<std::uint16_t>(54, 56);
    put<std::uint16_t>(56, 3);
    segment(0, 1, 0, 0x10000, 0x400);             // loaded
    segment(1, 4, 0x200, 0x10200, 0x48);          // notes
    segment(2, 2, 0x280, 0x10280, 0x70);          // dynamic
    note(0x200, "GNU", 1, std::string(16, 'x'));  // the ABI's
    note(0x220, "GNU", 3, "\xab\xcd\x01\xff");
    const std::string strings = std::string("\0libnccl.so.2\0$ORIGIN/../lib:/opt/lib\0libc.so.6\0", 48);
    bytes.replace(0x300, strings.size(), strings);
    dynamic({{1, 1}, {15, 14}, {1, 38}, {5, 0x10300}, {0, 0}, {1, 1}});
  }
  template <class Number>
  void put(std::size_t at, Number number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
  }
  void segment(std::size_t i, std::uint32_t type, std::uint64_t offset, std::uint64_t address,
               std::uint64_t size) {
    const std::size_t at = 64 + i * 56;
    put(at, type);
    put(at + 8, offset);
    put(at + 16, address);
    put(at + 32, size);
  }
  void note(std::size_t at, const std::string& name, std::uint32_t type, const std::string& text) {
    put(at, static_cast<std::uint32_t>(name.size() + 1));
    put(at + 4, static_cast<std::uint32_t>(text.size()));
    put(at + 8, type);
    bytes.replace(at + 12, name.size(), name);
    bytes.replace(at + 12 + 4, text.size(), text);
  }
  void dynamic(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& entries) {
    std::size_t at = 0x280;
    for (const auto& [tag, value] : entries) {
      put(at, tag);
      put(at + 8, value);
      at += 16;
    }
  }
  // Two symbols in one bucket, the second of which is `text`.
  void symbols(const std::string& name, std::uint32_t hash, const std::string& text, std::uint16_t section) {
    dynamic({{5, 0x10300}, {6, 0x10340}, {0x6ffffef5, 0x103a0}, {0, 0}});
    bytes.replace(0x332, name.size() + 1, name.c_str(), name.size() + 1);
    put<std::uint32_t>(0x340 + 24, 1);  // another one
    put<std::uint32_t>(0x340 + 48, 0x32);
    put<std::uint16_t>(0x340 + 48 + 6, section);
    put<std::uint64_t>(0x340 + 48 + 8, 0x103d0);
    put<std::uint32_t>(0x3a0, 1);             // buckets
    put<std::uint32_t>(0x3a4, 1);             // the first symbol of the table
    put<std::uint32_t>(0x3a8, 1);             // words of the filter
    put<std::uint32_t>(0x3b8, 1);             // the bucket: it begins with symbol 1
    put<std::uint32_t>(0x3bc, 0x1234 & ~1U);  // hash of symbol 1
    put<std::uint32_t>(0x3c0, hash | 1U);     // of symbol 2, the last in its bucket
    bytes.replace(0x3d0, text.size() + 1, text.c_str(), text.size() + 1);
  }
  [[nodiscard]] std::optional<std::string> text(const std::string& name) const {
    return parse_elf_text(
        [&](std::uint64_t offset, std::size_t size) {
          return offset >= bytes.size() ? std::string() : bytes.substr(offset, size);
        },
        name);
  }
  [[nodiscard]] std::optional<ElfFacts> parsed() const { return parsed(bytes.size()); }
  [[nodiscard]] std::optional<ElfFacts> parsed(std::size_t length) const {
    return parse_elf([&](std::uint64_t offset, std::size_t size) {
      return offset >= length ? std::string() : bytes.substr(offset, std::min(size, length - offset));
    });
  }
  std::string bytes;
};

TEST(Elf, BuildIdLibrariesAndFoldersAreRead) {
  EXPECT_EQ(MadeUpElf().parsed(),
            (ElfFacts{"abcd01ff", {"libnccl.so.2", "libc.so.6"}, {"$ORIGIN/../lib", "/opt/lib"}, {}}));
}

TEST(Elf, RunpathIsToldFromRpath) {
  MadeUpElf elf;
  elf.dynamic({{29, 14}, {5, 0x10300}, {0, 0}});
  EXPECT_EQ(elf.parsed(), (ElfFacts{"abcd01ff", {}, {}, {"$ORIGIN/../lib", "/opt/lib"}}));
}

TEST(Elf, AFileThatIsNoElfFileIsRefused) {
  for (const std::string& bytes : {std::string(), std::string("#!/bin/sh\n"), std::string(64, '\0'),
                                   std::string("\x7f"
                                               "ELF\x01\x01\x01") +
                                       std::string(64, '\0')}) {
    MadeUpElf elf;
    elf.bytes = bytes;
    EXPECT_EQ(elf.parsed(), std::nullopt);
  }
}

TEST(Elf, DamageCostsOnlyWhatIsDamaged) {
  MadeUpElf elf;
  elf.put<std::uint32_t>(0x220 + 4, 0xffffffff);  // a note longer than all notes
  EXPECT_EQ(elf.parsed()->build_id, "");
  EXPECT_EQ(elf.parsed()->needed.size(), 2U);
  elf = {};
  elf.put<std::uint32_t>(0x200, 0xfffffffd);  // a name whose padding would overflow
  EXPECT_EQ(elf.parsed()->build_id, "");
  elf = {};
  elf.dynamic({{1, 1}, {5, 0x99999}, {0, 0}});  // strings that are nowhere
  EXPECT_EQ(elf.parsed(), (ElfFacts{"abcd01ff", {}, {}, {}}));
  elf = {};
  elf.put<std::uint16_t>(56, 0xffff);  // more segments than there can be
  EXPECT_EQ(elf.parsed(), ElfFacts{});
}

TEST(Elf, AFileThatEndsAnywhereIsReadAsFarAsItGoes) {
  const MadeUpElf elf;
  for (std::size_t length = 64; length < elf.bytes.size(); ++length)
    EXPECT_TRUE(elf.parsed(length).has_value()) << length;
  EXPECT_EQ(elf.parsed(63), std::nullopt);
}

// 5381 * 33 * 33 + 33 * 'v' + '1'
constexpr std::uint32_t hash_of_v1 = 5381U * 33U * 33U + 33U * 118U + 49U;

TEST(Elf, ATextIsFoundByTheNameOfItsSymbol) {
  MadeUpElf elf;
  elf.symbols("v1", hash_of_v1, "4.1.4", 7);
  EXPECT_EQ(elf.text("v1"), "4.1.4");
  EXPECT_EQ(elf.text("v2"), std::nullopt);
  EXPECT_EQ(elf.text(""), std::nullopt);
}

TEST(Elf, ATextThatIsNotInTheLibraryIsNone) {
  MadeUpElf elf;
  elf.symbols("v1", hash_of_v1, "4.1.4", 0);  // another library's
  EXPECT_EQ(elf.text("v1"), std::nullopt);
  elf = {};
  elf.symbols("w1", hash_of_v1, "4.1.4", 7);  // another name with that hash
  EXPECT_EQ(elf.text("v1"), std::nullopt);
  elf = {};
  elf.symbols("v1", hash_of_v1, "4.1.4", 7);
  elf.put<std::uint32_t>(0x3a0, 0);  // no buckets
  EXPECT_EQ(elf.text("v1"), std::nullopt);
  elf = {};
  elf.symbols("v1", hash_of_v1, "4.1.4", 7);
  elf.put<std::uint64_t>(0x340 + 48 + 8, 0x99999);  // it is nowhere
  EXPECT_EQ(elf.text("v1"), std::nullopt);
  elf = {};
  EXPECT_EQ(elf.text("v1"), std::nullopt);  // there is no table
  elf.bytes = "#!/bin/sh\n";
  EXPECT_EQ(elf.text("v1"), std::nullopt);
}

TEST(Elf, TextsOfFilesThatCannotBeReadAreNone) {
  EXPECT_EQ(read_elf_text("/there/is/no/such/file", "v1"), std::nullopt);
  EXPECT_EQ(read_elf_text("/", "v1"), std::nullopt);
  EXPECT_EQ(read_elf_text("/proc/self/exe", "no_such_symbol"), std::nullopt);
}

TEST(Elf, ThisVeryProgramNeedsTheCLibrary) {
  const auto facts = read_elf_file("/proc/self/exe");
  ASSERT_TRUE(facts.has_value());
  EXPECT_NE(std::find(facts->needed.begin(), facts->needed.end(), "libc.so.6"), facts->needed.end());
  EXPECT_EQ(read_elf_file("/there/is/no/such/file"), std::nullopt);
  EXPECT_EQ(read_elf_file("/"), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
