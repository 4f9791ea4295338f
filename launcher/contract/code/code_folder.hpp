// SPDX-License-Identifier: Apache-2.0
// BASE/code while it is being filled: locked, filled beside its place, and there whole or not at all, also
// where several hosts share it and where a host is killed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// Is there nothing in it, except files that a killed CodeFolder left? True for a folder that is not there.
bool is_code_empty(const std::filesystem::path& code);

// Is the file `name` all that is in it? Files that a killed CodeFolder left do not count.
bool holds_only(const std::filesystem::path& code, const std::string& name);

// One process fills the folder at a time, on this host and on hosts that share the folder. While this object
// lives, the folder is ours.
class CodeFolder {
 public:
  // Waits; `wait` is called ten times a second meanwhile and ends the waiting by returning false. Tidies up
  // files of a killed process. Errors (Fault::start): the folder around it cannot be written to, or the wait
  // was ended.
  static Result<CodeFolder> lock(const std::filesystem::path& code, const std::function<bool()>& wait);

  CodeFolder(CodeFolder&& other) noexcept;
  CodeFolder& operator=(CodeFolder&&) = delete;
  CodeFolder(const CodeFolder&) = delete;
  CodeFolder& operator=(const CodeFolder&) = delete;
  ~CodeFolder();

  // A new empty folder, on the same file system. It does not outlive this object unless it is published.
  Result<std::filesystem::path> make_staging();
  // A folder for what is fetched to be unpacked: the same, and never published.
  Result<std::filesystem::path> make_download_folder();
  // Makes the staging folder the code folder at once; where that is a mount point, or something is in it, its
  // entries move there one by one.
  Result<void> publish();

 private:
  CodeFolder(std::filesystem::path code, std::filesystem::path place, int lock);
  Result<std::filesystem::path> make_folder(const char* name, unsigned mode) const;

  std::filesystem::path code_;
  std::filesystem::path place_;  // where lock and staging lie: beside the folder, or in it
  int lock_ = -1;
};

}  // namespace smlaunch
