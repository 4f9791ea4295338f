// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/rank_cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/each_line.hpp"
#include "base/read_file.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::milliseconds end_bound{2000};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::optional<std::string> own_folder() {
  return find_cgroup_folder(read_small_file("/proc/self/mountinfo"), read_small_file("/proc/self/cgroup"));
}

bool write_word(const std::string& file, const char* word) {
  const UniqueFd fd(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  const std::string_view text = word;
  return fd.valid() && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool is_empty(const std::string& folder) {
  const std::string events = read_small_file(folder + "/cgroup.events");
  return events.empty() || events.find("populated 0") != std::string::npos;
}

// Linux before 5.14 has no cgroup.kill.
void kill_one_by_one(const std::string& folder) {
  for_each_line(read_small_file(folder + "/cgroup.procs"), [](std::string_view line) {
    int pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 0) kill(pid, SIGKILL);
  });
}

void end_folder(const std::string& folder) {
  const auto deadline = std::chrono::steady_clock::now() + end_bound;
  while (!is_empty(folder) && std::chrono::steady_clock::now() < deadline) {
    if (!write_word(folder + "/cgroup.kill", "1")) kill_one_by_one(folder);
    poll(nullptr, 0, 5);
  }
  // Its last process may not be out of the table yet.
  while (rmdir(folder.c_str()) != 0 && errno == EBUSY && std::chrono::steady_clock::now() < deadline)
    poll(nullptr, 0, 5);
}

std::string prefix_of(const std::string& job) { return "smlaunch-" + job + "-"; }

enum class Depth { itself, one_below_too };

void end_folders_in(const std::string& parent, const std::string& prefix, Depth depth) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(parent.c_str()), closedir);
  if (!entries) return;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    const std::string folder = fmt::format("{}/{}", parent, name);
    if (name.starts_with(prefix)) {
      end_folder(folder);
    } else if (depth == Depth::one_below_too) {
      end_folders_in(folder, prefix, Depth::itself);
    }
  }
}

}  // namespace

std::optional<std::string> find_cgroup_folder(std::string_view mountinfo, std::string_view cgroup) {
  std::optional<std::string> path;
  for_each_line(cgroup, [&](std::string_view line) {
    if (line.starts_with("0::/")) path = line.substr(3);
  });
  if (!path) return {};
  std::optional<std::string> folder;
  for_each_line(mountinfo, [&](std::string_view line) {
    if (folder || line.find(" - cgroup2 ") == std::string_view::npos) return;
    // 30 23 0:26 ROOT MOUNTPOINT OPTIONS … - cgroup2 SOURCE SUPEROPTIONS
    const auto words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 2 || *(dash + 1) != "cgroup2") return;
    const std::string_view root = words[3] == "/" ? "" : words[3];
    if (!path->starts_with(root)) return;
    std::string below = path->substr(root.size());
    if (!below.empty() && below.front() != '/') return;
    while (below.ends_with('/')) below.pop_back();
    folder = std::string(words[4]) + below;
  });
  return folder;
}

std::optional<RankCgroup> RankCgroup::make(const std::string& job, int rank) {
  const auto own = own_folder();
  if (!own || job.empty()) return {};
  const std::string folder = fmt::format("{}/{}{}", *own, prefix_of(job), rank);
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return {};
  UniqueFd procs(open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!procs.valid()) {
    rmdir(folder.c_str());
    return {};
  }
  return RankCgroup(folder, UniqueFd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
                    std::move(procs));
}

std::optional<std::uint64_t> RankCgroup::cpu_ns() const {
  constexpr std::string_view name = "usage_usec ";
  std::optional<std::uint64_t> found;
  for_each_line(read_small_file(folder_ + "/cpu.stat"), [&](std::string_view line) {
    std::uint64_t micros = 0;
    if (line.starts_with(name) &&
        std::from_chars(line.data() + name.size(), line.data() + line.size(), micros).ec == std::errc())
      found = micros * 1000;
  });
  return found;
}

void RankCgroup::end() {
  opened_.reset();
  procs_.reset();
  end_folder(folder_);
}

void end_job_cgroups(const std::string& job, AgentsWere where) {
  const auto own = own_folder();
  if (!own || job.empty()) return;
  end_folders_in(*own, prefix_of(job), Depth::itself);
  // An agent that mpirun's daemon started over SSH is in that login's cgroup, which is a sibling of ours or
  // farther away.
  if (where == AgentsWere::in_logins_too)
    end_folders_in(std::filesystem::path(*own).parent_path().string(), prefix_of(job), Depth::one_below_too);
}

}  // namespace smlaunch
