// SPDX-License-Identifier: Apache-2.0
// mpirun's options as values: what each one decides, so that the user's can replace ours, and how Open MPI 4
// and 5 spell it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "mpi/open_mpi.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// In Open MPI 4's words whatever version runs: {"map-by", {"slot"}}, {"mca", {"pml", "ob1"}}, {"x",
// {"NAME"}}. A name that mpirun is not known to have keeps its dashes ("--new-option") and is passed on
// untouched.
struct MpirunOption {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const MpirunOption&) const = default;
};

// What the option decides: two options with one key cannot stand beside each other. btl_tcp_if_include and
// btl_tcp_if_exclude have one key, and so have -map-by node and -mca rmaps_base_mapping_policy node.
std::string option_key(const MpirunOption& option);

// "-mca btl ^openib", "--report-bindings": the option as it is named in notes.
std::string to_string(const MpirunOption& option);

// The words for mpirun's command line. Where version 5 wants one option for what were several (--display,
// --output, --map-by with its qualifiers), they are put together.
std::vector<std::string> render_options(const std::vector<MpirunOption>& options,
                                        const OpenMpiVersion& version);

// Who binds the ranks to CPUs, as far as the user's options say.
enum class UserBinding {
  not_said,
  off,         // nobody: -bind-to none
  on,          // mpirun, to what they name
  by_default,  // mpirun, as it does for a mapping to cores, caches, NUMA nodes, sockets
};

struct UserOptions {
  std::vector<MpirunOption>
      options;  // at most one for each key; variables stand as -x NAME, without their values
  std::vector<std::pair<std::string, std::string>> variables;  // -x NAME=VALUE
  std::vector<std::string> exported;                           // -x NAME
  std::string working_directory;                               // -wdir; empty: not given
  UserBinding binding = UserBinding::not_said;
  std::string binding_option;                // that says so: "-bind-to core"
  HostOrder counting = HostOrder::by_slot;   // -map-by node
  HostOrder numbering = HostOrder::by_slot;  // -rank-by node; where that is not given, as counting
  std::vector<std::string> moving_options;   // may place ranks on other hosts than the two say
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

// The user's options, in either version's words. An option given twice is given once: the last one, said in
// `notes`. Options that the running version does not know are translated, or left out with a warning. Errors
// (Fault::configuration), all at once: an option without its value, an option that would change what is planned
// (-np, --host, --hostfile, …: named in the message), a program among the options.
// `where`: what errors name as their place.
Result<UserOptions> parse_user_options(const std::vector<std::string>& words, const OpenMpiVersion& version,
                                       const std::string& where = "MPI options");

// Does this MCA parameter, by version 4's name, list what TCP traffic goes over?
bool includes_interfaces(std::string_view parameter);

// The names of such a list: what is a subnet is there or not, names must be looked for.
std::vector<std::string> named_interfaces(std::string_view list);

}  // namespace smlaunch
