// SPDX-License-Identifier: Apache-2.0
// Hostfiles, --hosts, the user's MPI options and Open MPI's files of parameters.
#include "mpi/hostfile.hpp"
#include "mpi/mpi_settings.hpp"
#include "mpi/parameter_files.hpp"
#include "mpi/shell_words.hpp"
#include "mpi/tagged_line.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  if (const auto hosts = parse_hostfile(bytes, "file"); !hosts) must(hosts.error().problems.size() <= 21);
  (void)parse_host_option(bytes, "--hosts");
  std::vector<SetParameter> parameters = parse_parameter_file(bytes, {.path = "file", .is_of_system = false});
  for (const SetParameter& each : parameters) {
    must(!each.name.empty() && !each.value.empty());
    if (includes_interfaces(each.name)) (void)named_interfaces(each.value);
  }
  const auto words = split_shell_words(bytes);
  for (const int major : {4, 5})
    (void)parse_mpi_settings(words ? *words : std::vector<std::string>(), "options", parameters,
                             {.major = major, .minor = 0, .patch = 0});
  (void)parse_tagged_line(bytes);
}

}  // namespace smlaunch
