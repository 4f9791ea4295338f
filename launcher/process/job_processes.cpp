// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/job_processes.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "launcher/process/agent_variables.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/rank_cgroup.hpp"

namespace smlaunch {

namespace {

constexpr int daemon_bound_milliseconds = 1000;
// As Open MPI's daemon tells its children.
constexpr const char* session_folder_variable = "PMIX_SERVER_TMPDIR";
constexpr std::string_view starter_note = "mpirun.";
constexpr std::string_view session_folder_entry = "PMIX_SERVER_TMPDIR=";

std::string read_environment(const std::filesystem::path& process) {
  std::ifstream file(process / "environ", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool carries(const std::filesystem::path& process, const std::string& entry) {
  const std::string text = read_environment(process);
  for (std::size_t at = text.find(entry); at != std::string::npos; at = text.find(entry, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == '\0';
    const std::size_t end = at + entry.size();
    if (begins && (end == text.size() || text[end] == '\0')) return true;
  }
  return false;
}

std::vector<int> find_carriers(const std::string& name, const std::string& value) {
  const std::string entry = name + "=" + value;
  std::vector<int> found;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const std::string file = process.path().filename();
    int pid = 0;
    const auto [end, bad] = std::from_chars(file.data(), file.data() + file.size(), pid);
    if (bad != std::errc() || end != file.data() + file.size() || pid == getpid()) continue;
    if (carries(process.path(), entry)) found.push_back(pid);
  }
  return found;
}

void end_marked_processes(const std::string& job, std::chrono::milliseconds grace) {
  const auto start = std::chrono::steady_clock::now();
  for (const int pid : find_job_processes(job)) kill(pid, SIGTERM);
  while (!find_job_processes(job).empty() && std::chrono::steady_clock::now() - start < grace)
    poll(nullptr, 0, 20);
  while (std::chrono::steady_clock::now() - start < grace + std::chrono::seconds(2)) {
    const auto left = find_job_processes(job);
    if (left.empty()) return;
    for (const int pid : left) kill(pid, SIGKILL);
    poll(nullptr, 0, 20);
  }
}

}  // namespace

std::vector<int> find_job_processes(const std::string& job) {
  return find_carriers(job_marker_variable, job);
}

std::vector<int> find_first_carriers(const std::string& name, const std::string& value) {
  const std::vector<int> carriers = find_carriers(name, value);
  std::vector<int> first;
  for (const int pid : carriers)
    if (const auto stat = read_proc_stat(pid);
        stat && std::find(carriers.begin(), carriers.end(), stat->parent) == carriers.end())
      first.push_back(pid);
  return first;
}

std::set<std::string> find_session_folders(const std::string& job) {
  std::set<std::string> folders;
  for (const int pid : find_job_processes(job)) {
    std::istringstream variables(read_environment("/proc/" + std::to_string(pid)));
    for (std::string variable; std::getline(variables, variable, '\0');)
      if (variable.starts_with(session_folder_entry))
        folders.insert(variable.substr(session_folder_entry.size()));
  }
  return folders;
}

void end_job_processes(const std::string& job, std::chrono::milliseconds grace) {
  end_marked_processes(job, grace);
  end_job_cgroups(job);  // finds processes that have cleared their environment
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

UniqueFd open_parent_daemon(int pid) {
  const auto stat = read_proc_stat(pid);
  if (!stat) return {};
  UniqueFd daemon(static_cast<int>(syscall(SYS_pidfd_open, stat->parent, 0)));
  std::string name;
  std::ifstream file("/proc/" + std::to_string(stat->parent) + "/comm");
  if (!std::getline(file, name) || (name != "orted" && name != "prted")) return {};
  return daemon;
}

void end_daemon(const UniqueFd& daemon) {
  if (!daemon.valid()) return;
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (syscall(SYS_pidfd_send_signal, daemon.get(), signal, nullptr, 0) != 0) return;
    pollfd end{daemon.get(), POLLIN, 0};
    if (poll(&end, 1, daemon_bound_milliseconds) > 0) return;
  }
}

void kill_daemon_after(const UniqueFd& daemon, std::chrono::milliseconds bound) {
  if (!daemon.valid()) return;
  pollfd end{daemon.get(), POLLIN, 0};
  if (poll(&end, 1, static_cast<int>(bound.count())) > 0) return;
  syscall(SYS_pidfd_send_signal, daemon.get(), SIGKILL, nullptr, 0);
  poll(&end, 1, daemon_bound_milliseconds);
}

std::string own_session_folder() {
  const char* folder = std::getenv(session_folder_variable);
  return folder == nullptr ? "" : folder;
}

void wait_for_job_processes(const std::string& job, std::chrono::milliseconds bound) {
  const auto start = std::chrono::steady_clock::now();
  while (!find_job_processes(job).empty() && std::chrono::steady_clock::now() - start < bound)
    poll(nullptr, 0, 20);
}

void end_parent_daemon(const std::string& job, std::chrono::milliseconds bound) {
  const UniqueFd daemon = open_parent_daemon(getpid());
  if (!daemon.valid()) return;
  wait_for_job_processes(job, bound);
  end_daemon(daemon);
}

}  // namespace smlaunch
