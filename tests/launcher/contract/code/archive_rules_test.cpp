// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/archive_rules.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using enum ArchiveEntryKind;

ArchiveEntry file_entry(const std::string& name, std::uint64_t size = 1) { return {name, file, "", size}; }

TEST(ParseArchiveName, IsPlainOrNone) {
  EXPECT_EQ(parse_archive_name("a/b"), "a/b");
  EXPECT_EQ(parse_archive_name("./a//b/"), "a/b");
  EXPECT_EQ(parse_archive_name("."), "");
  EXPECT_EQ(parse_archive_name("./"), "");
  EXPECT_EQ(parse_archive_name("..a/b.."), "..a/b..");
  EXPECT_EQ(parse_archive_name("/a"), std::nullopt);
  EXPECT_EQ(parse_archive_name("a/../b"), std::nullopt);
  EXPECT_EQ(parse_archive_name(".."), std::nullopt);
}

TEST(ArchiveRules, TakeWhatStaysInTheFolder) {
  ArchiveRules rules{{}};
  for (const ArchiveEntry& entry :
       {ArchiveEntry{"./", folder, "", 0}, file_entry("train.py"), ArchiveEntry{"pkg", folder, "", 0},
        file_entry("./pkg/a.py"), ArchiveEntry{"pkg/", folder, "", 0}, file_entry("train.py"),
        ArchiveEntry{"link", symbolic_link, "pkg/../train.py", 0},
        ArchiveEntry{"link", symbolic_link, "pkg/../train.py", 0},
        ArchiveEntry{"pkg/up", symbolic_link, "..", 0},
        ArchiveEntry{"pkg/absent", symbolic_link, "no/such", 0},
        ArchiveEntry{"self", symbolic_link, "self", 0}, ArchiveEntry{"hard", hard_link, "./train.py", 0},
        ArchiveEntry{"again", hard_link, "hard", 0}, file_entry("hard")})
    EXPECT_EQ(rules.refuse(entry), "") << entry.name;
  EXPECT_EQ(rules.find_escape(), std::nullopt);
}

struct Refused {
  std::vector<ArchiveEntry> before;
  ArchiveEntry entry;
  std::string why;
};

TEST(ArchiveRules, RefuseWhatLeadsOutWithTheReason) {
  const std::vector<Refused> cases = {
      {{}, file_entry("/etc/cron.d/x"), "is an absolute name"},
      {{}, file_entry("../x"), "leads out of the folder with \"..\""},
      {{}, file_entry("a/../b"), "leads out of the folder with \"..\""},
      {{}, file_entry(std::string("a\0b", 3)), "has a NUL byte in its name"},
      {{}, file_entry("."), "has no name"},
      {{}, {"null", other, "", 0}, "is a device, a FIFO or a socket"},
      {{}, {"l", symbolic_link, "/etc", 0}, "is a symbolic link to /etc, out of the folder"},
      {{}, {"l", symbolic_link, "..", 0}, "is a symbolic link to .., out of the folder"},
      {{}, {"a/l", symbolic_link, "../../x", 0}, "is a symbolic link to ../../x, out of the folder"},
      {{{"d", symbolic_link, "a/b", 0}, {"a/b", symbolic_link, "..", 0}},
       {"l", symbolic_link, "d/../x", 0},
       "is a symbolic link to d/../x, out of the folder"},
      {{{"d", symbolic_link, ".", 0}}, file_entry("d/x"), "goes through d, which is a symbolic link"},
      {{file_entry("d")}, file_entry("d/x"), "goes through d, which is a file"},
      {{{"d", folder, "", 0}},
       {"d", symbolic_link, ".", 0},
       "is in it twice, as a folder and as a symbolic link"},
      {{file_entry("d/x")}, file_entry("d"), "is in it twice, as a folder and as a file"},
      {{{"l", symbolic_link, "a", 0}},
       {"l", symbolic_link, "b", 0},
       "is in it twice, as a symbolic link and as a symbolic link"},
      {{}, {"h", hard_link, "/etc/shadow", 0}, "is a hard link to /etc/shadow, out of the folder"},
      {{}, {"h", hard_link, "../shadow", 0}, "is a hard link to ../shadow, out of the folder"},
      {{}, {"h", hard_link, "absent", 0}, "is a hard link to absent, which is no file that came before"},
      {{}, {"h", hard_link, "h", 0}, "is a hard link to h, which is no file that came before"},
      {{{"l", symbolic_link, "a", 0}},
       {"h", hard_link, "l", 0},
       "is a hard link to l, which is no file that came before"},
      {{{"d", folder, "", 0}},
       {"h", hard_link, "d", 0},
       "is a hard link to d, which is no file that came before"},
  };
  for (const Refused& each : cases) {
    ArchiveRules rules{{}};
    for (const ArchiveEntry& before : each.before) ASSERT_EQ(rules.refuse(before), "") << before.name;
    EXPECT_EQ(rules.refuse(each.entry), each.why);
  }
}

TEST(ArchiveRules, FindALinkThatALaterOneLeadsOut) {
  ArchiveRules rules{{}};
  EXPECT_EQ(rules.refuse({"far", symbolic_link, "p/q/../..", 0}), "");
  EXPECT_EQ(rules.find_escape(), std::nullopt);
  EXPECT_EQ(rules.refuse({"p/q", symbolic_link, ".", 0}), "");
  EXPECT_EQ(rules.find_escape(), "far");
}

TEST(ArchiveRules, BoundEntriesBytesAndRatio) {
  ArchiveRules rules{{.bytes = 3ULL << 20U, .entries = 4, .ratio = 10, .ratio_above = 100}};
  EXPECT_EQ(rules.refuse(file_entry("a", 1U << 20U)), "");
  EXPECT_EQ(rules.refuse(file_entry("b", 2U << 20U)), "");
  EXPECT_EQ(rules.refuse(file_entry("c", 1)), "unpacks to more than 3 MiB");
  EXPECT_EQ(rules.refuse(file_entry("d", 0)), "unpacks to more than 3 MiB");
  EXPECT_EQ(rules.refuse(file_entry("e", 0)), "is one more than the 4 entries that are unpacked");
  EXPECT_EQ(rules.refuse_size(1, 100), "");
  EXPECT_EQ(rules.refuse_size(10, 109), "");
  EXPECT_EQ(rules.refuse_size(10, 110), "unpacks to more than 10 times its size");
  EXPECT_EQ(rules.refuse_size(1U << 30U, (3U << 20U) + 1), "unpacks to more than 3 MiB");
  EXPECT_EQ(ArchiveRules{{}}.refuse(file_entry("huge", ~0ULL)), "unpacks to more than 16 GiB");
}

}  // namespace
}  // namespace smlaunch
