// SPDX-License-Identifier: Apache-2.0
// Which entries of an archive may be unpacked: pure, entry by entry. Others may be able to write to the
// bucket of an archive, and root unpacks it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

enum class ArchiveEntryKind { file, folder, symbolic_link, hard_link, other };

struct ArchiveEntry {
  std::string name;  // as the archive has it
  ArchiveEntryKind kind = ArchiveEntryKind::file;
  std::string target;      // of a link
  std::uint64_t size = 0;  // bytes of a file
};

// More than any code needs, but too little to fill a disk or to keep a host busy for long.
struct ArchiveBounds {
  std::uint64_t bytes = 16ULL << 30U;  // unpacked
  std::uint64_t entries = 1'000'000;
  // Unpacked bytes for each packed one; looked at above ratio_above unpacked bytes, for small texts may be
  // this regular.
  std::uint64_t ratio = 100;
  std::uint64_t ratio_above = 256ULL << 20U;
};

// "./a//b/" is "a/b"; "." and "./" are "". Nothing for a name that is absolute or has a "..".
std::optional<std::string> parse_archive_name(const std::string& name);

// A name that stays in the folder whatever the archive says: "../../etc/x" is "etc/x", "/tmp/x" is "tmp/x",
// and a backslash counts as a slash (sagemaker_training/files.py, _normalize_member_name).
std::string confine_archive_name(const std::string& name);

// The decision about an entry.
struct ArchiveVerdict {
  enum class Kind { unpack, leave_out, refuse };
  Kind kind = Kind::unpack;
  std::string name;  // where it is unpacked; empty for the folder itself, which is there
  std::string why;   // a note about the entry, to be shown behind its name; empty: no note
};

// Looks at an archive's entries in their order.
class ArchiveRules {
 public:
  explicit ArchiveRules(const ArchiveBounds& bounds) : bounds_(bounds) {}

  // Names and targets lead into the folder only. An entry whose name leads out is unpacked under another
  // name; a link that leads out is left out, and so is anything that is neither file, folder nor link. No
  // entry may go through a link, and a hard link must name an earlier file; an archive that breaks this is
  // refused. Of several files of one name the last one stays.
  ArchiveVerdict judge(const ArchiveEntry& entry);

  // After the last entry: forgets a symbolic link that leads out by way of a later one. Its name, or nothing
  // where no link is left that does.
  std::optional<std::string> take_escape();

  // Why no more than this may be unpacked: "unpacks to more than 16 GiB"; nothing: go on.
  [[nodiscard]] std::optional<std::string> refuse_size(std::uint64_t packed, std::uint64_t unpacked) const;

 private:
  [[nodiscard]] bool leads_out(const std::string& name, const std::string& target) const;
  [[nodiscard]] std::optional<std::string> refuse_place(const std::string& name,
                                                        const ArchiveEntry& entry) const;
  [[nodiscard]] std::optional<std::string> refuse_hard_link(const std::string& name,
                                                            const std::string& target) const;

  ArchiveBounds bounds_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::map<std::string, ArchiveEntryKind> kinds_;      // folders that are only implied are in it too
  std::map<std::string, std::string> symbolic_links_;  // to their targets
};

}  // namespace smlaunch
