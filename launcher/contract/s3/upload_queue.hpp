// SPDX-License-Identifier: Apache-2.0
// Which file is uploaded next. A file that is closed again while it waits keeps its place. A file that
// is closed while it is uploaded is uploaded once more. A file that has failed is tried again when others succeed,
// and at the end.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/contract/s3/s3_failure.hpp"

namespace smlaunch {

// Of which content a file is, as far as can be told without reading it.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  auto operator<=>(const FileStamp&) const = default;
};

struct NotUploaded {
  std::string file;
  std::optional<S3Failure> why;  // nothing: there was no time
  bool operator==(const NotUploaded&) const = default;
};

bool is_or_is_in(const std::string& file, const std::string& file_or_folder);

class UploadQueue {
 public:
  // Written and closed, or moved here. True: it waits, and did not before.
  bool closed(const std::string& file, const FileStamp& stamp);
  // Seen while looking through a folder: waits only if this content has not come before.
  bool found(const std::string& file, const FileStamp& stamp);
  // Moved away: what has not begun is not uploaded. A folder's name stands for all that is in it.
  void gone(const std::string& file_or_folder);

  std::optional<std::string> begin();  // the next one; at most one is under way
  void uploaded();                     // the file that is under way
  void vanished();                     // it is not there any more, and counts for nothing
  void cancelled();                    // its upload was ended before its time
  void failed(const S3Failure& why);
  void try_failed_again();

  [[nodiscard]] bool idle() const { return waiting_.empty() && !current_; }
  [[nodiscard]] std::size_t count() const { return count_; }  // uploads that succeeded
  // All that waits, is under way or has failed, by name.
  [[nodiscard]] std::vector<NotUploaded> left() const;

 private:
  bool add(const std::string& file);
  void leave(std::optional<S3Failure> why);

  std::deque<std::string> waiting_;
  std::set<std::string> is_waiting_;
  std::optional<std::string> current_;
  std::map<std::string, std::optional<S3Failure>> failed_;  // why; nothing: it was cancelled
  std::map<std::string, int> attempts_;  // of those that have failed, since they were last closed
  std::map<std::string, FileStamp> stamps_;
  std::size_t count_ = 0;
};

}  // namespace smlaunch
