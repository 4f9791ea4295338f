// SPDX-License-Identifier: Apache-2.0
// Two readers, one behind the other: the first takes the packing off, the second knows tar. So what follows
// the archive's end is seen, and nothing is unpacked faster than it is counted. Every entry is judged by
// ArchiveRules; libarchive's own checks (no "..", no absolute name, no way through a link) stand behind them.
#include "launcher/contract/code/unpack_archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "launcher/contract/code/packed_file.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t tar_block = 512;
constexpr std::size_t most_notes = 20;
constexpr const char* again = "pack and upload it again";

// What libarchive calls back with.
struct Source {
  const ArchiveLibrary& library;
  PackedFile& from;
};

la_ssize_t read_unpacked(archive* reader, void* source, const void** piece) {
  const auto& [library, from] = *static_cast<Source*>(source);
  const std::string_view bytes = from.next();
  *piece = bytes.data();
  if (!from.problem()) return static_cast<la_ssize_t>(bytes.size());
  library.set_error(reader, EIO, "%s", from.problem()->what.c_str());
  return ARCHIVE_FATAL;
}

ArchiveReader open_tar(Source& source) {
  ArchiveReader reader(source.library.read_new(), source.library.read_free);
  source.library.read_support_format_tar(reader.get());
  (void)source.library.read_open(reader.get(), &source, nullptr, read_unpacked, nullptr);
  return reader;
}

// The names as bytes: libarchive would translate UTF-8 into what the locale has, which may be nothing.
std::string text_of(const char* bytes, const char* utf8) {
  return bytes != nullptr ? bytes : utf8 != nullptr ? utf8 : "";
}

ArchiveEntry read_entry(const ArchiveLibrary& library, archive_entry* raw) {
  ArchiveEntry entry;
  entry.name = text_of(library.entry_pathname(raw), library.entry_pathname_utf8(raw));
  const std::string hard_link = text_of(library.entry_hardlink(raw), library.entry_hardlink_utf8(raw));
  if (!hard_link.empty()) {
    entry.kind = ArchiveEntryKind::hard_link;
    entry.target = hard_link;
    return entry;
  }
  switch (library.entry_filetype(raw)) {
    case AE_IFREG:
      entry.size = static_cast<std::uint64_t>(std::max<la_int64_t>(library.entry_size(raw), 0));
      break;
    case AE_IFDIR: entry.kind = ArchiveEntryKind::folder; break;
    case AE_IFLNK:
      entry.kind = ArchiveEntryKind::symbolic_link;
      entry.target = text_of(library.entry_symlink(raw), library.entry_symlink_utf8(raw));
      break;
    default: entry.kind = ArchiveEntryKind::other;
  }
  return entry;
}

// The entry as it may be written: under `name`, with a plain mode.
void set_entry(const ArchiveLibrary& library, archive_entry* raw, const ArchiveEntry& entry,
               const std::string& name) {
  library.entry_copy_pathname(raw, name.c_str());
  if (entry.kind == ArchiveEntryKind::hard_link)
    library.entry_copy_hardlink(raw, confine_archive_name(entry.target).c_str());
  if (entry.kind == ArchiveEntryKind::symbolic_link) library.entry_copy_symlink(raw, entry.target.c_str());
  constexpr mode_t kept = 0755;
  const mode_t least = entry.kind == ArchiveEntryKind::folder ? 0700 : 0600;
  library.entry_set_perm(raw, (library.entry_perm(raw) & kept) | least);
  library.entry_acl_clear(raw);
  library.entry_xattr_clear(raw);
}

// We are in the folder while this lives.
class InFolder {
 public:
  explicit InFolder(const std::filesystem::path& folder)
      : before_(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), is_there_(chdir(folder.c_str()) == 0) {}
  ~InFolder() {
    if (is_there_ && before_ >= 0) (void)!fchdir(before_);
    if (before_ >= 0) close(before_);
  }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;
  [[nodiscard]] bool is_there() const { return is_there_; }

 private:
  int before_;
  bool is_there_;
};

class Unpacking {
 public:
  Unpacking(const ArchiveLibrary& library, const std::filesystem::path& file, std::string name,
            const ArchiveBounds& bounds, const std::atomic<bool>* cancelled)
      : library_(library),
        name_(std::move(name)),
        rules_(bounds),
        from_(library, file, rules_, cancelled),
        source_{library, from_},
        tar_(open_tar(source_)),
        disk_(library.write_disk_new(), library.write_free) {
    library_.write_disk_set_options(disk_.get(), ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                                     ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                                     ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
  }

  Result<void> unpack() {
    std::string entry_name;  // the last that was begun
    while (true) {
      archive_entry* raw = nullptr;
      const int got = library_.read_next_header(tar_.get(), &raw);
      if (got == ARCHIVE_EOF) break;
      if (got < ARCHIVE_WARN || (got == ARCHIVE_RETRY)) return refuse_reading(entry_name);
      const ArchiveEntry entry = read_entry(library_, raw);
      entry_name = entry.name;
      const ArchiveVerdict verdict = rules_.judge(entry);
      if (verdict.kind == ArchiveVerdict::Kind::refuse)
        return failure(Fault::configuration, name_, fmt::format("{} {}", entry.name, verdict.why),
                       "nothing of it is unpacked; leave that out");
      if (!verdict.why.empty()) note(fmt::format("{} {}", entry.name, verdict.why));
      if (verdict.name.empty()) continue;
      set_entry(library_, raw, entry, verdict.name);
      if (auto written = write(raw, entry); !written) return written;
    }
    if (auto whole = check_end(entry_name); !whole) return whole;
    return finish();
  }

  // What was renamed or left out: the first of it by name, then how much more there is.
  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> told = notes_;
    if (note_count_ > notes_.size())
      told.push_back(fmt::format("{} more entries are left out or unpacked under other names",
                                 note_count_ - notes_.size()));
    return told;
  }

 private:
  void note(std::string text) {
    if (++note_count_ <= most_notes) notes_.push_back(std::move(text));
  }

  tl::unexpected<Error> refuse_reading(const std::string& entry_name) const {
    const auto& problem = from_.problem();
    if (problem && problem->kind == PackedProblem::Kind::cancelled)
      return failure(Fault::start, name_, problem->what);
    if (problem && problem->kind == PackedProblem::Kind::too_large)
      return failure(Fault::configuration, name_,
                     fmt::format("{}{}", entry_name.empty() ? "" : entry_name + ": ", problem->what),
                     "that is no code; put data into a channel");
    const std::string why = problem ? problem->what : error_text(library_, tar_.get());
    if (entry_name.empty() && !problem)
      return failure(Fault::configuration, name_, from_.size() == 0 ? "is empty" : "is no tar archive",
                     "pack the code with tar and gzip");
    if (entry_name.empty())
      return failure(Fault::configuration, name_, fmt::format("is cut off or damaged: {}", why), again);
    return failure(Fault::configuration, name_,
                   fmt::format("{} is cut off, or what follows it is damaged: {}", entry_name, why), again);
  }

  tl::unexpected<Error> refuse_writing(const ArchiveEntry& entry) const {
    return failure(Fault::start, name_,
                   fmt::format("{} cannot be unpacked: {}", entry.name, error_text(library_, disk_.get())),
                   "is there room, and may it be written to?");
  }

  Result<void> write(archive_entry* raw, const ArchiveEntry& entry) {
    if (library_.write_header(disk_.get(), raw) < ARCHIVE_WARN) return refuse_writing(entry);
    if (entry.kind == ArchiveEntryKind::file && entry.size > 0) {
      while (true) {
        const void* bytes = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int got = library_.read_data_block(tar_.get(), &bytes, &size, &offset);
        if (got == ARCHIVE_EOF) break;
        if (got < ARCHIVE_WARN) return refuse_reading(entry.name);
        // A full disk is but a warning to libarchive.
        if (library_.write_data_block(disk_.get(), bytes, size, offset) < ARCHIVE_OK)
          return refuse_writing(entry);
      }
    }
    if (library_.write_finish_entry(disk_.get()) < ARCHIVE_WARN) return refuse_writing(entry);
    return {};
  }

  // The archive is whole when its end mark is there, and nothing but zeros behind it.
  Result<void> check_end(const std::string& entry_name) {
    const auto taken =
        static_cast<std::uint64_t>(std::max<la_int64_t>(library_.filter_bytes(tar_.get(), 0), 0));
    while (!from_.next().empty()) {
    }
    if (from_.problem()) return refuse_reading(entry_name);
    if (from_.size() > taken && from_.zeros_at_end() < from_.size() - taken)
      return failure(Fault::configuration, name_, "goes on behind the mark of its end", again);
    if (from_.zeros_at_end() < tar_block)
      return failure(Fault::configuration, name_,
                     fmt::format("ends after {}, without the mark of its end", entry_name), again);
    if (const std::uint64_t rest = from_.left_over(); rest > 0)
      return failure(Fault::configuration, name_, fmt::format("{} bytes follow its end", rest), again);
    if (from_.has_wrong_sum())
      return failure(Fault::configuration, name_, "is damaged: its sum is wrong", again);
    return {};
  }

  Result<void> finish() {
    while (const auto link = rules_.take_escape()) {
      note(fmt::format("{} is a symbolic link that leads out of the folder: it is left out", *link));
      if (unlink(link->c_str()) != 0)
        return failure(Fault::start, name_,
                       fmt::format("{} cannot be left out: {}", *link, std::strerror(errno)));
    }
    if (library_.write_close(disk_.get()) < ARCHIVE_WARN)
      return failure(Fault::start, name_,
                     fmt::format("cannot be unpacked: {}", error_text(library_, disk_.get())));
    return {};
  }

  const ArchiveLibrary& library_;
  std::string name_;
  ArchiveRules rules_;
  PackedFile from_;
  Source source_;
  ArchiveReader tar_;
  ArchiveWriter disk_;
  std::vector<std::string> notes_;  // the first most_notes
  std::size_t note_count_ = 0;
};

bool is_called_archive(const std::filesystem::path& file) {
  const std::string name = file.filename().native();
  return name.ends_with(".tar") || name.ends_with(".tgz") || name.find(".tar.") != std::string::npos;
}

}  // namespace

bool is_archive(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  if (is_called_archive(file)) return true;
  const auto library = open_archive_library();
  if (!library) return true;
  const ArchiveRules rules{ArchiveBounds{}};
  PackedFile from(**library, file, rules, nullptr);
  if (from.is_packed()) return true;
  Source source{**library, from};
  const ArchiveReader tar = open_tar(source);
  archive_entry* entry = nullptr;
  return (*library)->read_next_header(tar.get(), &entry) == ARCHIVE_OK;
}

Result<std::vector<std::string>> unpack_archive(const std::filesystem::path& file, const std::string& name,
                                                const std::filesystem::path& folder,
                                                const ArchiveBounds& bounds,
                                                const std::atomic<bool>* cancelled) {
  const auto library = open_archive_library();
  if (!library)
    return failure(Fault::start, name,
                   fmt::format("cannot be unpacked without libarchive: {}", library.error()),
                   "install it (Debian: libarchive13)");
  const std::filesystem::path absolute = std::filesystem::absolute(file);
  const InFolder there(folder);
  if (!there.is_there())
    return failure(Fault::start, folder.native(), fmt::format("cannot be entered: {}", std::strerror(errno)));
  Unpacking unpacking(**library, absolute, name, bounds, cancelled);
  if (auto unpacked = unpacking.unpack(); !unpacked) return tl::unexpected(unpacked.error());
  return unpacking.notes();
}

}  // namespace smlaunch
