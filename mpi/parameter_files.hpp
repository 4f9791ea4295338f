// SPDX-License-Identifier: Apache-2.0
// Open MPI's files of MCA parameters, mca-params.conf: where they lie, and what they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mpi/mpi_settings.hpp"
#include "mpi/open_mpi.hpp"

namespace smlaunch {

struct ParameterFile {
  std::string path;
  bool is_of_system = false;  // it comes with Open MPI
  bool operator==(const ParameterFile&) const = default;
};

// Where this mpirun may look, what counts before what. Not all of them need be there. `mpirun`: its path.
std::vector<ParameterFile> parameter_files(const std::map<std::string, std::string>& variables,
                                           std::string_view mpirun, const OpenMpiVersion& version);

inline constexpr std::size_t longest_parameter_file = std::size_t{1} << 20U;

// What mpirun opens before it does anything, most of it even for --version: the files above for any version, and the
// user's for PMIx.
std::vector<std::string> files_opened_first(const std::map<std::string, std::string>& variables,
                                            std::string_view mpirun);

// Why mpirun would not get past such a file: "is a pipe, and …". Nothing: it would, or nothing is there.
std::optional<std::string> what_holds_mpirun(std::filesystem::file_type type, std::uintmax_t size);

// Lines without a name and a value are passed over, as mpirun does.
std::vector<SetParameter> parse_parameter_file(std::string_view text, const ParameterFile& file);

}  // namespace smlaunch
