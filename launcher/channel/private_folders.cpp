// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/private_folders.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace smlaunch {

namespace {

bool is_private_folder(const std::string& path) {
  struct stat facts {};
  return lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == getuid() &&
         (facts.st_mode & 0077U) == 0;
}

std::string usual_name() { return fmt::format("smlaunch-{}", getuid()); }

// Of another name: what mkdtemp() has made of it.
std::vector<std::string> find_other_folders(const std::string& temporary) {
  const std::string begin = usual_name() + ".";
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator each(temporary, error), end; !error && each != end;
       each.increment(error)) {
    const std::string path = each->path().string();
    if (each->path().filename().string().starts_with(begin) && is_private_folder(path)) found.push_back(path);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool make_private_folder(const std::string& path) {
  return (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) && is_private_folder(path);
}

}  // namespace

PrivatePlaces own_private_places() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return {.runtime = runtime == nullptr ? "" : runtime};
}

std::vector<std::string> find_private_folders(const PrivatePlaces& places) {
  std::vector<std::string> found;
  if (!places.runtime.empty() && is_private_folder(places.runtime + "/smlaunch"))
    found.push_back(places.runtime + "/smlaunch");
  const std::string usual = places.temporary + "/" + usual_name();
  // One of another name is only made where this one is not ours.
  if (is_private_folder(usual)) {
    found.push_back(usual);
    return found;
  }
  for (std::string& other : find_other_folders(places.temporary)) found.push_back(std::move(other));
  return found;
}

std::vector<std::string> find_all_private_folders(const PrivatePlaces& places) {
  std::vector<std::string> found = find_private_folders(places);
  for (std::string& other : find_other_folders(places.temporary))
    if (std::find(found.begin(), found.end(), other) == found.end()) found.push_back(std::move(other));
  return found;
}

Result<std::vector<std::string>> make_private_folders(const PrivatePlaces& places) {
  std::vector<std::string> made;
  if (is_private_folder(places.runtime) && make_private_folder(places.runtime + "/smlaunch"))
    made.push_back(places.runtime + "/smlaunch");
  const std::string usual = places.temporary + "/" + usual_name();
  if (make_private_folder(usual)) {
    made.push_back(usual);
    return made;
  }
  if (std::vector<std::string> others = find_other_folders(places.temporary); !others.empty()) {
    made.push_back(others.front());
    return made;
  }
  std::string other = usual + ".XXXXXX";
  if (mkdtemp(other.data()) != nullptr) made.push_back(other);
  if (made.empty())
    return failure(Fault::start, usual,
                   fmt::format("no folder of this user's alone can be made: {}", std::strerror(errno)));
  return made;
}

void leave_private_folders(const PrivatePlaces& places) {
  for (const std::string& folder : find_private_folders(places)) rmdir(folder.c_str());
}

}  // namespace smlaunch
