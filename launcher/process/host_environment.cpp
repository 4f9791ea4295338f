// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/host_environment.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace smlaunch {

namespace {

using Environment_ = std::map<std::string, std::string>;

// By the loader, ld.so(8).
bool is_searched_anyway(const std::string& folder) {
  static constexpr std::array<std::string_view, 4> folders = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"};
  return std::find(folders.begin(), folders.end(), folder) != folders.end();
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    entries.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return entries;
}

std::string value_in(const Environment_& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

// mpirun puts its own folders first, and another python3 than the job's may lie there. The folders of its
// libraries stay behind the job's own: where Open MPI has a prefix of its own, an MPI program finds its
// libraries only there. `own`: the environment that counts. `agent`: the environment that mpirun has made of
// `leader`.
void keep_own_paths(Environment_& environment, const Environment_& own, const Environment_& agent,
                    const Environment_& leader) {
  const auto set = [&](const char* name, const std::string& path) {
    if (path.empty())
      environment.erase(name);
    else
      environment[name] = path;
  };
  set("PATH", value_in(own, "PATH"));
  constexpr const char* libraries = "LD_LIBRARY_PATH";
  std::string added = value_in(agent, libraries);
  if (const std::string brought = ":" + value_in(leader, libraries); added.ends_with(brought))
    added.resize(added.size() - brought.size());
  std::string path = value_in(own, libraries);
  const std::vector<std::string> known = split_path(path);
  for (const std::string& entry : split_path(added))
    if (!entry.empty() && !is_searched_anyway(entry) &&
        std::find(known.begin(), known.end(), entry) == known.end())
      path += (path.empty() ? "" : ":") + entry;
  set(libraries, path);
}

}  // namespace

Environment_ host_environment(const Environment_& agent, const std::optional<Environment_>& worker,
                              const Environment_& leader, bool on_leader_host) {
  if (!worker && leader.empty()) return agent;
  if (!worker && on_leader_host) {
    Environment_ base = agent;
    keep_own_paths(base, leader, agent, leader);
    return base;
  }
  static constexpr std::array<std::string_view, 5> from_mpirun = {"OMPI_", "PMIX_", "ORTE_", "PRTE_",
                                                                  "OPAL_"};
  static constexpr std::array<std::string_view, 7> from_login = {"HOME", "USER",     "LOGNAME", "SHELL",
                                                                 "PWD",  "HOSTNAME", "TERM"};
  Environment_ base = worker ? *worker : leader;
  if (!worker) {
    std::erase_if(base, [&](const auto& variable) {
      return variable.first.starts_with("SSH_") ||
             std::find(from_login.begin(), from_login.end(), variable.first) != from_login.end();
    });
  }
  for (const auto& [name, value] : agent) {
    const bool told =
        std::any_of(from_mpirun.begin(), from_mpirun.end(),
                    [&name = name](std::string_view prefix) { return name.starts_with(prefix); });
    const bool login = !worker && (name.starts_with("SSH_") ||
                                   std::find(from_login.begin(), from_login.end(), name) != from_login.end());
    if (told || login) base[name] = value;
  }
  keep_own_paths(base, worker ? *worker : leader, agent, leader);
  return base;
}

}  // namespace smlaunch
