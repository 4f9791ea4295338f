// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/find_open_mpi.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/read_file.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/process/child_process.hpp"
#include "mpi/parameter_files.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;

// Without this, mpirun says nothing until it is killed, and nobody knows of the file.
tl::expected<void, Error> check_files(const std::map<std::string, std::string>& variables,
                                      const std::string& mpirun) {
  Error refused{Fault::configuration, {}};
  for (const std::string& path : files_opened_first(variables, mpirun)) {
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    if (std::filesystem::equivalent(path, "/dev/null", error)) continue;  // an empty file to mpirun
    const bool is_file = type == std::filesystem::file_type::regular;
    const std::uintmax_t size = is_file ? std::filesystem::file_size(path, error) : 0;
    if (const auto why = what_holds_mpirun(type, error ? 0 : size))
      refused.problems.push_back({path, *why, "put a file of MCA parameters there, or remove it"});
  }
  if (!refused.problems.empty()) return tl::unexpected(std::move(refused));
  return {};
}

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
  if (auto files = check_files(variables, mpirun); !files) return tl::unexpected(std::move(files.error()));
  auto answer = run_captured({mpirun, "--version"}, probe_bound_milliseconds);
  if (!answer) {
    Error error = answer.error();
    for (Problem& problem : error.problems) problem.where = mpirun + " --version";
    return tl::unexpected(std::move(error));
  }
  auto version = parse_open_mpi_version(answer->output);
  if (!version) return tl::unexpected(version.error());
  return FoundOpenMpi{mpirun, *version, fmt::format("{}, as {} --version says", to_string(*version), mpirun),
                      read_parameters(variables, mpirun, *version)};
}

}  // namespace smlaunch
