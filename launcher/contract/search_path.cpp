// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/search_path.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace smlaunch {

std::vector<std::string> search_path_candidates(const std::string& program,
                                                const std::map<std::string, std::string>& variables) {
  if (program.find('/') != std::string::npos) return {program};
  const auto path = variables.find("PATH");
  const std::string folders = path == variables.end() ? "/usr/local/bin:/usr/bin:/bin" : path->second;
  std::vector<std::string> found;
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    const std::string folder = folders.substr(at, end - at);
    found.push_back((folder.empty() ? "." : folder) + "/" + program);
    at = end + 1;
  }
  return found;
}

std::string find_on_path(const std::string& program, const std::map<std::string, std::string>& variables) {
  if (program.find('/') != std::string::npos) return program;
  for (const std::string& candidate : search_path_candidates(program, variables)) {
    std::error_code error;
    if (std::filesystem::is_regular_file(candidate, error) && access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return "";
}

}  // namespace smlaunch
