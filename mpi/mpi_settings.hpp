// SPDX-License-Identifier: Apache-2.0
// What mpirun is told beside our own options: by the user's, by OMPI_MCA_* and by Open MPI's files of
// parameters. Read once, at the beginning of a job.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "mpi/mpirun_options.hpp"
#include "mpi/open_mpi.hpp"

namespace smlaunch {

// A list of variables to export, which mpirun refuses beside -x, on its command line, in OMPI_MCA_* or in a
// file: it becomes -x, and must be taken out of mpirun's environment.
inline constexpr const char* environment_list = "mca_base_env_list";

// An MCA parameter that mpirun finds elsewhere than on its command line.
struct SetParameter {
  std::string name;  // Open MPI 4's
  std::string value;
  std::string variable;  // "OMPI_MCA_pml"; empty: it stands in `file`
  std::string file;
  bool is_of_system = false;  // the file comes with Open MPI: the user may not know of it
  bool operator==(const SetParameter&) const = default;
};

// "OMPI_MCA_pml of the environment", "pml of /root/.openmpi/mca-params.conf".
std::string place_of(const SetParameter& parameter);
// "OMPI_MCA_pml=ucx of the environment", "pml=ucx of /root/.openmpi/mca-params.conf".
std::string to_string(const SetParameter& parameter);

struct MpiSettings {
  std::string source = "MPI options";    // where the user's options stand
  bool is_given = false;                 // there are some, read or not
  UserOptions user;                      // empty where the job has no use for them
  std::vector<SetParameter> parameters;  // what counts comes first; none has an empty value
  // What of the parameters must stand on mpirun's command line, because ours would win over it there, or
  // because mpirun refuses it beside ours: the list of variables as -x, and the policies of mapping and
  // ranking. Without a policy that the user's own option replaces.
  UserOptions of_parameters;
  HostOrder counting = HostOrder::by_slot;  // the user's options say, else the parameters
  HostOrder numbering = HostOrder::by_slot;
};

// Errors (Fault::configuration), all at once: those of parse_user_options(), which stand at `source`; a
// policy of the parameters that cannot be read, or a list that names no variable, which stand at their
// variable or file.
Result<MpiSettings> parse_mpi_settings(const std::vector<std::string>& words, const std::string& source,
                                       std::vector<SetParameter> parameters, const OpenMpiVersion& version);

// Both, the user's on top; what is replaced is said in `notes`.
UserOptions all_options(const MpiSettings& settings);

// Of an environment: OMPI_MCA_*, for Open MPI 5 also PRTE_MCA_*. An empty value is none (measured with
// 4.1.4).
std::vector<SetParameter> parameters_of(const std::map<std::string, std::string>& variables,
                                        const OpenMpiVersion& version);

// Is there a list of variables that cannot be taken out of the environment? Beside it mpirun takes no -x.
bool lists_variables_in_a_file(const MpiSettings& settings);

// Does something of these choose the interfaces of mpirun's or the ranks' traffic?
bool chooses_interface(const MpiSettings& settings);

// May something of these say how mpirun logs in to hosts: by which program, with which arguments for it?
bool chooses_login(const MpiSettings& settings);

}  // namespace smlaunch
