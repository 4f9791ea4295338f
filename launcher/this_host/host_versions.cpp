// SPDX-License-Identifier: Apache-2.0
// Versions are read from file names and files where possible; only mpirun must be asked, and where Open MPI's daemon has
// started us, not even mpirun: to run it takes an agent longer than all else that it does before its hello.
#include "launcher/this_host/host_versions.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/read_file.hpp"
#include "cuda/elf_facts.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/process/child_process.hpp"
#include "mpi/open_mpi.hpp"

namespace smlaunch {

namespace {

constexpr int mpirun_bound_milliseconds = 10000;

// libnccl.so.2 is a link to libnccl.so.2.18.5. The job's interpreter may bring another NCCL with it.
std::string nccl_of_the_system() {
  constexpr std::string_view stem = "libnccl.so.";
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                             "/usr/local/lib", "/usr/local/cuda/lib64", "/opt/amazon/ofi-nccl/lib"}) {
    std::error_code error;
    const auto file = std::filesystem::canonical(std::filesystem::path(folder) / "libnccl.so.2", error);
    const std::string name = error ? "" : file.filename().string();
    if (name.size() > stem.size() + 1 && name.starts_with(stem)) return name.substr(stem.size());
  }
  return "";
}

// The version that mpirun prints is this text of this library, which it shares with its daemon. Open MPI 5 has none.
constexpr const char* daemon_library = "libopen-rte.so";
constexpr const char* daemon_version = "orte_version_string";

std::string open_mpi_on_path() {
  if (auto version = open_mpi_of_starter(getppid(), find_on_path("mpirun", own_environment()));
      !version.empty())
    return version;
  const auto answer = run_captured({"mpirun", "--version"}, mpirun_bound_milliseconds);
  if (!answer) return "";
  const auto version = parse_open_mpi_version(answer->output);
  return version ? to_string(*version) : "";
}

}  // namespace

std::string find_mapped_library(std::string_view maps, std::string_view stem) {
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    const std::string_view path = line.substr(std::min(line.find('/'), line.size()));
    // A file that is no more there has a word behind its name.
    if (path.substr(path.rfind('/') + 1).starts_with(stem) && path.find(' ') == std::string_view::npos)
      return std::string(path);
  }
  return "";
}

std::string open_mpi_of_starter(int starter, const std::string& mpirun) {
  std::error_code error;
  const std::filesystem::path process = fmt::format("/proc/{}", starter);
  const auto program = std::filesystem::read_symlink(process / "exe", error);
  if (error || mpirun.empty()) return "";
  const auto on_path = std::filesystem::canonical(mpirun, error);
  if (error || on_path.parent_path() != program.parent_path()) return "";
  const std::string library = find_mapped_library(read_small_file(process / "maps"), daemon_library);
  if (library.empty()) return "";
  const auto text = read_elf_text(library, daemon_version);
  if (!text) return "";
  const auto version = parse_open_mpi_version(fmt::format("(Open MPI) {}", *text));
  return version ? to_string(*version) : "";
}

std::map<std::string, std::string> probe_versions() {
  std::map<std::string, std::string> versions = {
      {"smlaunch", SMLAUNCH_VERSION}, {"open_mpi", open_mpi_on_path()}, {"nccl", nccl_of_the_system()}};
  const std::string driver = read_small_file("/sys/module/nvidia/version");
  versions["driver"] = driver.substr(0, driver.find('\n'));
  std::erase_if(versions, [](const auto& each) { return each.second.empty(); });
  return versions;
}

}  // namespace smlaunch
