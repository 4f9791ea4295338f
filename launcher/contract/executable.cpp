// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/executable.hpp"

#include <sys/stat.h>

namespace smlaunch {

bool is_program_below(const std::string& program, const std::filesystem::path& folder) {
  if (folder.empty() || program.find('/') == std::string::npos) return false;
  const std::filesystem::path file = (folder / program).lexically_normal();
  const auto relative = file.lexically_relative(folder.lexically_normal());
  return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

bool make_executable(const char* path) {
  struct stat facts {};
  if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || (facts.st_mode & S_IXUSR) != 0) return false;
  return chmod(path, (facts.st_mode & 07777U) | S_IXUSR | ((facts.st_mode & S_IRGRP) != 0 ? S_IXGRP : 0U) |
                         ((facts.st_mode & S_IROTH) != 0 ? S_IXOTH : 0U)) == 0;
}

void make_program_executable(const std::string& program, const std::filesystem::path& folder) {
  if (is_program_below(program, folder)) make_executable((folder / program).c_str());
}

}  // namespace smlaunch
