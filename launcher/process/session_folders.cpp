// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/session_folders.hpp"

#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "launcher/process/job_processes.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/process_variable.hpp"

namespace smlaunch {

namespace {

// As Open MPI's daemon tells its children.
constexpr const char* session_folder_variable = "PMIX_SERVER_TMPDIR";
constexpr std::string_view starter_note = "mpirun.";

}  // namespace

std::string own_session_folder() {
  const char* folder = std::getenv(session_folder_variable);
  return folder == nullptr ? "" : folder;
}

std::set<std::string> find_session_folders(const std::string& job) {
  std::set<std::string> folders;
  for (const int pid : find_job_processes(job))
    if (auto folder = read_process_variable(pid, session_folder_variable)) folders.insert(std::move(*folder));
  return folders;
}

void remove_session_folder(const std::string& folder, std::chrono::milliseconds bound) {
  const std::filesystem::path path = folder;
  const std::string parent = path.parent_path().filename();
  const bool is_session =
      path.is_absolute() && (parent.starts_with("ompi.") || parent.starts_with("prterun."));
  if (!is_session) return;
  std::error_code error;
  const auto start = std::chrono::steady_clock::now();
  while (std::filesystem::exists(path, error) && std::chrono::steady_clock::now() - start < bound)
    poll(nullptr, 0, 20);
  std::filesystem::remove_all(path, error);
  std::filesystem::remove(path.parent_path(), error);  // fails where another job has its folder in it
}

void note_starter(const std::string& folder, int pid) {
  std::ofstream(std::filesystem::path(folder) / (std::string(starter_note) + std::to_string(pid)));
}

std::vector<int> find_noted_starters(const std::string& folder) {
  std::vector<int> found;
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename();
    int pid = 0;
    if (!name.starts_with(starter_note)) continue;
    const auto [rest, bad] =
        std::from_chars(name.data() + starter_note.size(), name.data() + name.size(), pid);
    if (bad == std::errc() && rest == name.data() + name.size() && pid > 0) found.push_back(pid);
  }
  return found;
}

bool is_gone(int pid, std::chrono::milliseconds bound) {
  const auto start = std::chrono::steady_clock::now();
  for (;; poll(nullptr, 0, 20)) {
    const auto stat = read_proc_stat(pid);
    if (!stat) return true;
    if (!stat->is_ending || std::chrono::steady_clock::now() - start >= bound) return false;
  }
}

void remove_starter_folders(const std::string& own_host, const std::vector<int>& pids) {
  const char* temporary = std::getenv("TMPDIR");
  const std::filesystem::path base = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
  std::error_code ignored;
  // mpirun chooses by which of its names it calls the host (orte_keep_fqdn_hostnames).
  for (const std::string& host : {own_host, own_host.substr(0, own_host.find('.'))}) {
    const std::string uid = std::to_string(getuid());
    const auto sessions = base / ("ompi." + host + "." + uid);
    for (const int pid : pids) {
      std::filesystem::remove_all(sessions / ("pid." + std::to_string(pid)), ignored);
      std::filesystem::remove_all(base / ("prterun." + host + "." + std::to_string(pid) + "." + uid),
                                  ignored);
    }
    std::filesystem::remove(sessions, ignored);  // fails where another job has its folder in it
  }
}

}  // namespace smlaunch
