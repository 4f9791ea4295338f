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

TEST(ConfineArchiveName, StaysInTheFolder) {
  EXPECT_EQ(confine_archive_name("./a//b/"), "a/b");
  EXPECT_EQ(confine_archive_name("../../etc/passwd"), "etc/passwd");
  EXPECT_EQ(confine_archive_name("/etc/passwd"), "etc/passwd");
  EXPECT_EQ(confine_archive_name("a/../b"), "a/b");
  EXPECT_EQ(confine_archive_name("..\\a\\b"), "a/b");
  EXPECT_EQ(confine_archive_name("/../."), "");
}

void expect_unpacked(ArchiveRules& rules, const ArchiveEntry& entry, const std::string& name,
                     const std::string& why = "") {
  const ArchiveVerdict verdict = rules.judge(entry);
  EXPECT_EQ(verdict.kind, ArchiveVerdict::Kind::unpack) << entry.name;
  EXPECT_EQ(verdict.name, name);
  EXPECT_EQ(verdict.why, why);
}

struct Judged {
  std::vector<ArchiveEntry> before;
  ArchiveEntry entry;
  std::string why;
};

void expect_judged(const std::vector<Judged>& cases, ArchiveVerdict::Kind kind) {
  for (const Judged& each : cases) {
    ArchiveRules rules{{}};
    for (const ArchiveEntry& before : each.before)
      ASSERT_EQ(rules.judge(before).kind, ArchiveVerdict::Kind::unpack) << before.name;
    const ArchiveVerdict verdict = rules.judge(each.entry);
    EXPECT_EQ(verdict.kind, kind) << each.entry.name;
    EXPECT_EQ(verdict.name, "");
    EXPECT_EQ(verdict.why, each.why);
  }
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
    expect_unpacked(rules, entry, parse_archive_name(entry.name).value());
  EXPECT_EQ(rules.take_escape(), std::nullopt);
}

TEST(ArchiveRules, UnpackWhatLeadsOutUnderANameThatDoesNot) {
  ArchiveRules rules{{}};
  expect_unpacked(rules, file_entry("/etc/cron.d/x"), "etc/cron.d/x",
                  "leads out of the folder: it is unpacked as etc/cron.d/x");
  expect_unpacked(rules, file_entry("../x"), "x", "leads out of the folder: it is unpacked as x");
  expect_unpacked(rules, file_entry("a/../b"), "a/b", "leads out of the folder: it is unpacked as a/b");
  expect_unpacked(rules, file_entry("p\\q"), "p/q", "is unpacked as p/q");
  expect_unpacked(rules, {"h", hard_link, "p\\q", 0}, "h");
}

TEST(ArchiveRules, LeaveOutWhatCannotBeInTheFolderWithTheReason) {
  expect_judged(
      {{{}, file_entry("."), "has no name in the folder: it is left out"},
       {{}, file_entry("/.."), "has no name in the folder: it is left out"},
       {{}, {"null", other, "", 0}, "is a device, a FIFO or a socket: it is left out"},
       {{}, {"l", symbolic_link, "/etc", 0}, "is a symbolic link to /etc, out of the folder: it is left out"},
       {{}, {"l", symbolic_link, "..", 0}, "is a symbolic link to .., out of the folder: it is left out"},
       {{},
        {"a/l", symbolic_link, "../../x", 0},
        "is a symbolic link to ../../x, out of the folder: it is left out"},
       {{{"d", symbolic_link, "a/b", 0}, {"a/b", symbolic_link, ".", 0}},
        {"l", symbolic_link, "d/../../x", 0},
        "is a symbolic link to d/../../x, out of the folder: it is left out"},
       {{},
        {"h", hard_link, "/etc/shadow", 0},
        "is a hard link to /etc/shadow, out of the folder: it is left out"},
       {{},
        {"h", hard_link, "../shadow", 0},
        "is a hard link to ../shadow, out of the folder: it is left out"}},
      ArchiveVerdict::Kind::leave_out);
}

TEST(ArchiveRules, AFolderInThePlaceOfALinkThatIsLeftOutIsTaken) {
  ArchiveRules rules{{}};
  EXPECT_EQ(rules.judge({"data", symbolic_link, "/mnt/data", 0}).kind, ArchiveVerdict::Kind::leave_out);
  expect_unpacked(rules, file_entry("data/x"), "data/x");
}

TEST(ArchiveRules, RefuseAnArchiveThatContradictsItselfWithTheReason) {
  expect_judged(
      {{{}, file_entry(std::string("a\0b", 3)), "has a NUL byte in its name"},
       {{{"d", symbolic_link, ".", 0}}, file_entry("d/x"), "goes through d, which is a symbolic link"},
       {{file_entry("d")}, file_entry("d/x"), "goes through d, which is a file"},
       {{file_entry("d")}, file_entry("../d/x"), "goes through d, which is a file"},
       {{{"d", folder, "", 0}},
        {"d", symbolic_link, ".", 0},
        "is in it twice, as a folder and as a symbolic link"},
       {{file_entry("d/x")}, file_entry("d"), "is in it twice, as a folder and as a file"},
       {{{"l", symbolic_link, "a", 0}},
        {"l", symbolic_link, "b", 0},
        "is in it twice, as a symbolic link and as a symbolic link"},
       {{}, {"h", hard_link, "absent", 0}, "is a hard link to absent, which is no file that came before"},
       {{}, {"h", hard_link, "h", 0}, "is a hard link to h, which is no file that came before"},
       {{{"l", symbolic_link, "a", 0}},
        {"h", hard_link, "l", 0},
        "is a hard link to l, which is no file that came before"},
       {{{"d", folder, "", 0}},
        {"h", hard_link, "d", 0},
        "is a hard link to d, which is no file that came before"}},
      ArchiveVerdict::Kind::refuse);
}

TEST(ArchiveRules, FindEveryLinkThatALaterOneLeadsOut) {
  ArchiveRules rules{{}};
  expect_unpacked(rules, {"far", symbolic_link, "p/q/../..", 0}, "far");
  expect_unpacked(rules, {"near", symbolic_link, "p/q/..", 0}, "near");
  expect_unpacked(rules, {"p/q", symbolic_link, ".", 0}, "p/q");
  EXPECT_EQ(rules.take_escape(), "far");
  EXPECT_EQ(rules.take_escape(), std::nullopt);
}

TEST(ArchiveRules, BoundEntriesBytesAndRatio) {
  ArchiveRules rules{{.bytes = 3ULL << 20U, .entries = 4, .ratio = 10, .ratio_above = 100}};
  const auto refused = [&](const ArchiveEntry& entry) {
    const ArchiveVerdict verdict = rules.judge(entry);
    return verdict.kind == ArchiveVerdict::Kind::refuse ? verdict.why : "";
  };
  EXPECT_EQ(refused(file_entry("a", 1U << 20U)), "");
  EXPECT_EQ(refused(file_entry("b", 2U << 20U)), "");
  EXPECT_EQ(refused(file_entry("c", 1)), "unpacks to more than 3 MiB");
  EXPECT_EQ(refused(file_entry("d", 0)), "unpacks to more than 3 MiB");
  EXPECT_EQ(refused(file_entry("e", 0)), "is one more than the 4 entries that are unpacked");
  EXPECT_EQ(rules.refuse_size(1, 100), std::nullopt);
  EXPECT_EQ(rules.refuse_size(10, 109), std::nullopt);
  EXPECT_EQ(rules.refuse_size(10, 110), "unpacks to more than 10 times its size");
  EXPECT_EQ(rules.refuse_size(1U << 30U, (3U << 20U) + 1), "unpacks to more than 3 MiB");
  EXPECT_EQ(ArchiveRules{{}}.judge(file_entry("huge", ~0ULL)).why, "unpacks to more than 16 GiB");
}

}  // namespace
}  // namespace smlaunch
