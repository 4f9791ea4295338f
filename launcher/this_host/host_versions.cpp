// SPDX-License-Identifier: Apache-2.0
// Versions are read from file names and files where possible; only mpirun must be asked.
#include "launcher/this_host/host_versions.hpp"

#include <filesystem>
#include <string_view>

#include "base/read_file.hpp"
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

std::string open_mpi_on_path() {
  const auto answer = run_captured({"mpirun", "--version"}, mpirun_bound_milliseconds);
  if (!answer) return "";
  const auto version = parse_open_mpi_version(answer->output);
  return version ? to_string(*version) : "";
}

}  // namespace

std::map<std::string, std::string> probe_versions() {
  std::map<std::string, std::string> versions = {
      {"smlaunch", SMLAUNCH_VERSION}, {"open_mpi", open_mpi_on_path()}, {"nccl", nccl_of_the_system()}};
  const std::string driver = read_small_file("/sys/module/nvidia/version");
  versions["driver"] = driver.substr(0, driver.find('\n'));
  std::erase_if(versions, [](const auto& each) { return each.second.empty(); });
  return versions;
}

}  // namespace smlaunch
