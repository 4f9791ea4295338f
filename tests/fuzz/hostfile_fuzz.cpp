// SPDX-License-Identifier: Apache-2.0
// Hostfiles, --hosts, and the words of the user's MPI options.
#include "mpi/hostfile.hpp"
#include "mpi/shell_words.hpp"
#include "mpi/tagged_line.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  if (const auto hosts = parse_hostfile(bytes, "file"); !hosts) must(hosts.error().problems.size() <= 21);
  (void)parse_host_option(bytes, "--hosts");
  (void)split_shell_words(bytes);
  (void)parse_tagged_line(bytes);
}

}  // namespace smlaunch
