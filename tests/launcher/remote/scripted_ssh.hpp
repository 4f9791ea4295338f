// SPDX-License-Identifier: Apache-2.0
// A script in the place of ssh, and of the hosts behind it: what each host does lies in a file of its name.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace smlaunch {

class ScriptedSsh {
 public:
  ScriptedSsh() {
    std::string pattern = ::testing::TempDir() + "ssh.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    // The host is the word before the last.
    write("ssh",
          "#!/bin/sh\nhere=$(dirname \"$0\")\nprintf '%s\\n' \"$@\" > \"$here/arguments\"\n"
          "while [ $# -gt 2 ]; do shift; done\n. \"$here/$1\"\n");
    ::chmod(path().c_str(), 0755);
  }
  ~ScriptedSsh() { std::filesystem::remove_all(folder_); }
  ScriptedSsh(const ScriptedSsh&) = delete;
  ScriptedSsh& operator=(const ScriptedSsh&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::string path() const { return (folder_ / "ssh").string(); }

  // Files of the folder, which the scripts know as $here.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace smlaunch
