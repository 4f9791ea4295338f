// SPDX-License-Identifier: Apache-2.0
// The room mpi: Open MPI's words, versions 4 and 5: mpirun's command line, the user's options merged with
// ours, hostfiles, shell words. It promises that the user's options win and that no word of theirs is lost. Pure: it
// touches nothing, starts nothing, and takes a hostfile as text.
//
// mpirun's command line, in the words of Open MPI 4 and of 5.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "mpi/mpi_settings.hpp"
#include "mpi/mpirun_options.hpp"
#include "mpi/open_mpi.hpp"

namespace smlaunch {

// Which of the toolkit's two mpirun lines (sagemaker_training/mpi.py, smdataparallel.py).
enum class MpirunStyle { mpi, smddp };

struct MpirunRequest {
  std::string mpirun = "mpirun";  // path
  OpenMpiVersion version;
  MpirunStyle style = MpirunStyle::mpi;
  std::vector<std::pair<std::string, int>> hosts;  // name, slots; in rank order
  int processes = 1;
  bool oversubscribe = false;     // more processes than slots
  bool yields_when_idle = false;  // ranks that wait leave their core to others
  std::string tcp_include;        // interfaces or subnets for its traffic; empty: mpirun chooses
  std::string tcp_exclude;        // where nothing is included: those that it may not choose
  // Starts a program on another host instead of ssh: AGENT HOST COMMAND; empty: ssh does.
  std::string remote_agent;
  std::string ssh_agent;  // is given ssh's words in its place, where no remote_agent is; empty: ssh is
  int ssh_port = 22;
  std::string ssh_control_path;       // of connections that are open already (ssh_config(5)); or empty
  std::vector<std::string> exported;  // names for -x; values never appear
  std::vector<std::pair<std::string, std::string>>
      exported_values;                  // -x NAME=VALUE, for public settings of ours
  std::vector<std::string> schedulers;  // whose batch job this is (schedulers.hpp)
  MpiSettings settings;                 // its parameters win over ours, the user's options over both
  std::vector<std::string> program;     // ".../smlaunch rank -- python3 train.py"
};

struct MpirunCommand {
  std::vector<std::string> argv;
  UserBinding user_binding = UserBinding::not_said;  // else our agents must not bind
  std::string user_binding_option;                   // that says so
  std::string working_directory;  // the user's -wdir: for the ranks, not for mpirun; empty: none
  bool user_maps = false;  // they may place ranks on other hosts than UserOptions::counting and numbering say
  // -x NAME=VALUE of the user's. argv holds only `-x NAME`, whatever the value: a command line is read by
  // everyone. The caller sets the value in mpirun's environment.
  std::vector<std::pair<std::string, std::string>> user_variables;
  // -x NAME of the user's; mpirun only warns of a name that its environment lacks.
  std::vector<std::string> user_exported;
  std::vector<std::string> notes;     // "your -mca btl ^openib,tcp replaces ours: ^openib"
  std::vector<std::string> warnings;  // "your -x RANK is ignored: …"
};

// The toolkit's command, in its order, each option of ours replaced by the user's where both say the same
// thing: one MCA parameter (if_include and if_exclude of one component are one), -map-by, -bind-to, one
// variable. Error (Fault::configuration): an IPv6 address as a host's name. Give the hosts with the leader's
// own first: Open MPI 4 maps its own host first wherever it stands, 5 does not.
Result<MpirunCommand> mpirun_command(const MpirunRequest& request);

}  // namespace smlaunch
