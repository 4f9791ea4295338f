// SPDX-License-Identifier: Apache-2.0
#include "mpi/open_mpi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

namespace smlaunch {
namespace {

constexpr std::string_view remedy = "put the mpirun of Open MPI 4 or 5 first on PATH";

// How other launchers called mpirun name themselves when asked for their version. "MPICH" last: Intel's and
// MVAPICH's texts may hold it too.
struct OtherMpi {
  std::string_view mark;
  std::string_view name;
};
constexpr std::array<OtherMpi, 8> others = {{{"Intel(R) MPI", "Intel MPI"},
                                             {"IBM Spectrum MPI", "IBM Spectrum MPI"},
                                             {"MVAPICH", "MVAPICH"},
                                             {"prterun", "PRRTE's prterun, not Open MPI's mpirun"},
                                             {"PRRTE", "PRRTE, not Open MPI's mpirun"},
                                             {"HYDRA", "MPICH (hydra)"},
                                             {"Hydra", "MPICH (hydra)"},
                                             {"MPICH", "MPICH"}}};

// "4.1.4", "5.0.7rc2", "4.1.5a1": up to three numbers; a suffix is not told apart from the release.
std::optional<OpenMpiVersion> parse_numbers(std::string_view text) {
  std::array<int, 3> numbers{0, 0, 0};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc{} || numbers[i] < 0) {
      if (i == 0) return std::nullopt;
      break;
    }
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return OpenMpiVersion{numbers[0], numbers[1], numbers[2]};
}

std::string first_line(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  text = text.substr(0, text.find_first_of("\r\n"));
  return std::string(text.substr(0, 200));
}

}  // namespace

std::string to_string(const OpenMpiVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

Result<OpenMpiVersion> parse_open_mpi_version(std::string_view mpirun_version_output) {
  const std::string_view text = mpirun_version_output;
  constexpr std::string_view mark = "(Open MPI)";
  if (const std::size_t at = text.find(mark); at != std::string_view::npos) {
    std::string_view rest = text.substr(at + mark.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (const std::optional<OpenMpiVersion> version = parse_numbers(rest)) {
      if (version->major >= 4) return *version;
      return failure(Fault::configuration, "mpirun --version",
                     fmt::format("this mpirun is Open MPI {}, older than 4", to_string(*version)),
                     std::string(remedy));
    }
  }
  for (const OtherMpi& other : others) {
    if (text.find(other.mark) == std::string_view::npos) continue;
    return failure(Fault::configuration, "mpirun --version", fmt::format("this mpirun is {}", other.name),
                   std::string(remedy));
  }
  const std::string line = first_line(text);
  return failure(Fault::configuration, "mpirun --version",
                 line.empty() ? "it printed nothing" : fmt::format("no version of Open MPI in: {}", line),
                 std::string(remedy));
}

}  // namespace smlaunch
