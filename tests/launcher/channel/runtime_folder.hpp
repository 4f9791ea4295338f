// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace smlaunch {

// The private folders of this test alone.
class RuntimeFolder {
 public:
  RuntimeFolder() {
    if (const char* before = std::getenv("XDG_RUNTIME_DIR")) before_ = before;
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
  }
  ~RuntimeFolder() {
    if (before_.empty())
      unsetenv("XDG_RUNTIME_DIR");
    else
      setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
    std::error_code error;  // a socket of whoever is destroyed after us
    std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] bool has_socket(const std::string& name) const {
    struct stat facts {};
    return stat((path_ + "/smlaunch/" + name).c_str(), &facts) == 0;
  }

 private:
  std::string path_ = "/tmp/smlaunch-relay-test.XXXXXX";
  std::string before_;
};

}  // namespace smlaunch
