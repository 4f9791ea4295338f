// SPDX-License-Identifier: Apache-2.0
#include "mpi/parameter_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "mpi/mpirun_words.hpp"

namespace smlaunch {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool is_quoted =
      text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

// The folder that holds bin/mpirun: "/usr"; empty for a bare name.
std::string_view prefix_of(std::string_view mpirun) {
  for (int i = 0; i < 2; ++i) mpirun = mpirun.substr(0, std::min(mpirun.rfind('/'), mpirun.size()));
  return mpirun.starts_with('/') ? mpirun : std::string_view();
}

std::string value_of(const std::map<std::string, std::string>& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

std::vector<ParameterFile> parameter_files(const std::map<std::string, std::string>& variables,
                                           std::string_view mpirun, const OpenMpiVersion& version) {
  std::vector<ParameterFile> files;
  for (const char* name : {"OMPI_MCA_mca_base_param_files", "OMPI_MCA_mca_param_files"}) {
    const std::string list = value_of(variables, name);
    for (std::size_t start = 0; start < list.size();) {
      const std::size_t end = std::min(list.find_first_of(",:", start), list.size());
      if (end > start) files.push_back({list.substr(start, end - start), false});
      start = end + 1;
    }
    if (!files.empty()) return files;
  }
  const bool is_5 = version.major >= 5;
  if (const std::string home = value_of(variables, "HOME"); !home.empty()) {
    if (is_5) files.push_back({home + "/.prte/mca-params.conf", false});
    files.push_back({home + "/.openmpi/mca-params.conf", false});
  }
  std::string prefix = value_of(variables, "OPAL_PREFIX");
  if (prefix.empty()) prefix = prefix_of(mpirun);
  if (prefix.empty()) return files;
  std::vector<std::string> folders = {prefix + "/etc"};
  // Where distributions have them: Debian, Fedora.
  if (prefix == "/usr") folders = {"/etc/openmpi", "/etc"};
  if (prefix == "/usr/lib64/openmpi") folders.emplace_back("/etc/openmpi-x86_64");
  for (const std::string& folder : folders) {
    if (is_5) files.push_back({folder + "/prte-mca-params.conf", true});
    files.push_back({folder + "/openmpi-mca-params.conf", true});
  }
  return files;
}

std::vector<std::string> files_opened_first(const std::map<std::string, std::string>& variables,
                                            std::string_view mpirun) {
  std::vector<std::string> paths;
  for (ParameterFile& file : parameter_files(variables, mpirun, {5, 0, 0}))
    paths.push_back(std::move(file.path));
  if (const std::string home = value_of(variables, "HOME"); !home.empty())
    paths.push_back(home + "/.pmix/mca-params.conf");
  return paths;
}

std::optional<std::string> what_holds_mpirun(std::filesystem::file_type type, std::uintmax_t size) {
  using std::filesystem::file_type;
  switch (type) {
    case file_type::fifo: return "is a pipe, and mpirun, which opens it first of all, would wait for ever";
    case file_type::directory: return "is a folder, and mpirun, which reads it first of all, fails";
    case file_type::character:
    case file_type::block: return "is a device, and mpirun, which reads it first of all, may never end";
    case file_type::regular:
      if (size > longest_parameter_file)
        return fmt::format("is longer than {} MiB, and mpirun reads all of it first",
                           longest_parameter_file >> 20U);
      return {};
    default: return {};
  }
}

std::vector<SetParameter> parse_parameter_file(std::string_view text, const ParameterFile& file) {
  std::vector<SetParameter> parameters;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value = unquoted(trimmed(line.substr(equals + 1)));
    if (name.empty() || value.empty() || name.find_first_of(blanks) != std::string_view::npos) continue;
    parameters.push_back({parameter_in_4(name), std::string(value), "", file.path, file.is_of_system});
  }
  return parameters;
}

}  // namespace smlaunch
