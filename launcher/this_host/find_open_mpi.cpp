// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/find_open_mpi.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <utility>

#include "base/read_file.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/process/child_process.hpp"
#include "mpi/parameter_files.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;
constexpr std::size_t longest_parameter_file = 1 << 20;

// A file that cannot be read counts as absent, as it does for mpirun.
std::vector<SetParameter> read_parameters(const std::map<std::string, std::string>& variables,
                                          const std::string& mpirun, const OpenMpiVersion& version) {
  std::vector<SetParameter> all;
  for (const ParameterFile& file : parameter_files(variables, mpirun, version)) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file.path, error)) continue;
    const auto text = read_given_file(file.path, longest_parameter_file);
    if (!text) continue;
    for (SetParameter& parameter : parse_parameter_file(*text, file)) all.push_back(std::move(parameter));
  }
  return all;
}

}  // namespace

Result<FoundOpenMpi> find_open_mpi(const std::map<std::string, std::string>& variables, bool may_assume) {
  const std::string mpirun = find_on_path("mpirun", variables);
  if (mpirun.empty()) {
    if (may_assume) return FoundOpenMpi{{}, {}, "assumed 4: there is no mpirun on PATH here"};
    return failure(Fault::start, "mpirun", "is not on PATH", "install Open MPI (Debian: openmpi-bin)");
  }
  auto answer = run_captured({mpirun, "--version"}, probe_bound_milliseconds);
  if (!answer) return tl::unexpected(answer.error());
  auto version = parse_open_mpi_version(answer->output);
  if (!version) return tl::unexpected(version.error());
  return FoundOpenMpi{mpirun, *version, fmt::format("{}, as {} --version says", to_string(*version), mpirun),
                      read_parameters(variables, mpirun, *version)};
}

}  // namespace smlaunch
