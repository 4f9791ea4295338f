// SPDX-License-Identifier: Apache-2.0
// The room launcher/plan: JobSpec x Cluster -> Layout -> LaunchPlan, and the plan's forms: JSON, text,
// picture, hash. It promises a plan that is complete: --dry-run prints it, a run performs it, a golden test
// compares it. Pure: it touches nothing.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/contract/environment.hpp"
#include "mpi/mpirun.hpp"
#include "topology/interfaces.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// What starts the ranks' agents. `srun`: a step of our Slurm job, whose tasks they are. `hosts`: each host starts
// smlaunch by itself, and that starts those of its host.
enum class Engine { local, mpirun, srun, torchrun, hosts };
std::string to_string(Engine engine);

enum class SmokeMode { automatic, nccl, cpu, off };

// What is asked of the all-reduce test, and what there is to run it with.
struct SmokeWish {
  SmokeMode mode = SmokeMode::automatic;
  std::string source = "default";  // of the mode
  bool only = false;               // smlaunch smoke: it is what the user wants
  long bytes = 64L << 20;
  double timeout_seconds = 120;
  bool require_gpu = false;
  std::optional<double> min_busbw_gbps;
  std::string min_busbw_source = "--min-busbw";
  bool has_mpirun = false;       // what the check on the CPU is started by
  std::optional<bool> has_gpus;  // where the plan's machines are not to be believed: do they?
};

// What the user asked for, before the machines are looked at.
struct JobSpec {
  std::shared_ptr<const Environment> environment;
  LauncherKind launcher = LauncherKind::process;
  BindPolicy bind = BindPolicy::automatic;
  std::optional<int> world_size;  // sagemaker_mpi_num_processes
  std::string python = "python3";
  bool mpi4py = false;  // launcher mpi, and the interpreter can find it
  std::string mpirun = "mpirun";
  std::vector<std::string> torchrun = {"torchrun"};
  std::string
      torchrun_python;  // its interpreter; empty: not known, and then its ranks do not say who they are
  bool torchrun_must_redirect =
      false;  // a release that fails unless it redirects output (launcher/this_host/torchrun.hpp)
  std::vector<std::string> nodes;  // torchrun, xla: the job's hosts, where each starts its own ranks
  OpenMpiVersion open_mpi;
  bool open_mpi_is_decided = false;   // by the mpirun that was found, or assumed where a dry run has none
  MpiSettings mpi;                    // what the user and the environment tell mpirun
  std::string smlaunch = "smlaunch";  // this binary, at the same path on every host
  std::string network_interface;      // empty: none was named; then for mpirun's traffic:
  std::string mpi_subnet;             // a subnet that all hosts are in: "10.0.0.0/24", or
  std::string mpi_exclude;            // the interfaces and subnets that it may not choose; or neither
  std::optional<int> master_port;
  bool self_started = false;  // every host starts smlaunch by itself, and none reaches another one
  bool by_slurm = false;      // the hosts are those of our Slurm job: srun reaches them, and no ssh is needed
  int ssh_port = 22;
  bool keeps_ssh_open = false;   // readiness's logins stay open for mpirun
  bool machines_chosen = false;  // by an option of the user's: --topology, --gpus-per-host
  bool machines_as_planned =
      false;  // --gpus-per-host: ranks are placed as planned, whatever their hosts are like
  std::vector<std::string> spare_hosts;  // of the job, beside the cluster's
  std::vector<std::string> warnings;     // of its hosts
  SmokeWish smoke;
  bool watches_for_hangs = false;  // Python programs are to print their stacks when they are ended
  bool known_by_name = true;       // false: the only host is this machine, and its name leads nowhere here
  std::vector<std::pair<std::string, std::string>> sources;  // value -> where it came from
  Variables inherited;                                       // smlaunch's own environment
  std::string told_base_dir;  // SAGEMAKER_BASE_DIR of the ranks; empty: as they inherit it
};

// Where a plan's command says that the connections lie which readiness's logins leave open: each run puts a
// folder of its own there.
inline constexpr const char* planned_ssh_folder = "SMLAUNCH_SSH_FOLDER";

// How the all-reduce test is started; the plan shows it.
struct SmokePlan {
  std::string backend;  // nccl, mpi-cpu
  long bytes = 0;
  int timeout_seconds = 0;
  std::vector<std::string> command;
};

// The ranks that the starter of one host starts.
struct StarterShare {
  int first_rank = 0;
  std::vector<std::shared_ptr<const Placement>> placements;  // by local rank
};

struct LaunchPlan {
  LauncherKind launcher = LauncherKind::process;
  Engine engine = Engine::local;
  std::string leader;
  std::string current_host;
  std::string network_interface;
  std::vector<WantedInterface> wanted_interfaces;  // what must be there on every host
  std::optional<int> master_port;                  // nothing: rank 0's agent picks one when it starts
  // Where each host starts its own ranks of a job on several: all its hosts, and where `cluster`'s ranks
  // stand in it.
  std::vector<std::string> nodes;
  int first_node_rank = 0;
  int first_rank = 0;
  int job_world_size = 0;
  EntryPoint entry_point;
  Cluster cluster;                       // the hosts that run ranks of this plan
  std::vector<std::string> spare_hosts;  // run none until they replace one of them
  Layout layout;
  Indexed<NodeRank, StarterShare>
      shares;                        // of a plan whose ranks are starters that know their ranks; else empty
  bool machines_as_planned = false;  // JobSpec::machines_as_planned
  bool machines_chosen = false;      // JobSpec::machines_chosen
  bool has_relays = false;           // one agent of each host carries the connections of the others there
  BindPolicy bind = BindPolicy::automatic;  // none where the user's MPI options say who binds, if anybody
  std::vector<std::string> command;
  std::vector<std::string> process_command;
  // Which words of it look secret, ascending: they stand on no command line of mpirun and of agents, which are public.
  std::vector<std::size_t> secret_arguments;
  Variables environment;                    // common to all ranks
  Indexed<NodeRank, Variables> of_hosts;    // torchrun, xla: what each host's starter must know; may be empty
  std::map<const Placement*, int> threads;  // OMP_NUM_THREADS; empty where it is not ours to set
  bool has_own_threads = false;             // this host's environment has an OMP_NUM_THREADS
  // What this host's environment has of its own, and others may lack: set there if unset.
  Variables defaults_elsewhere;
  // The user's -x NAME=VALUE, and MCA parameters that are secret: they win over all but rank identity and SM_*.
  Variables user_variables;
  std::vector<std::string>
      kept_from_mpirun;  // variables that mpirun would write on command lines: it lacks them
  std::vector<std::string> long_variables;  // names of variables that no kernel takes: they go to files
  std::optional<SmokePlan> smoke;
  std::string smoke_reason;  // why `smoke` is none
  std::vector<std::pair<std::string, std::string>> sources;
  std::vector<std::string> warnings;
  std::shared_ptr<const Environment> job;
  std::shared_ptr<const HostVariables> host_variables;
  std::string hash;  // of the canonical JSON (plan_json.hpp)

  [[nodiscard]] int world_size() const { return static_cast<int>(layout.ranks.size()); }
};

// ddp needs mpirun as soon as a rank runs on another host than `current_host`, this machine.
Engine choose_engine(LauncherKind launcher, const Cluster& cluster, const std::string& current_host);

// As `spec` has them: its hosts may start themselves, or be those of our Slurm job, where only MPI needs mpirun.
Engine choose_engine(const JobSpec& spec, const Cluster& cluster);

// Do agents run on other hosts than this one?
bool reaches_hosts(Engine engine);

// From so many agents on, one of each host carries the connections of the others there.
inline constexpr int fewest_agents_with_relays = 4000;

// As `inherited`, smlaunch's own environment, has it in agent_relay_variable, or by the number of agents.
bool wants_relays(const Layout& layout, const Variables& inherited);

// Does one process of ours start the agents of all hosts?
bool is_one_process(Engine engine);

// Why MASTER_PORT is 7777, the toolkit's, unless one is given: each of several hosts starts its part by
// itself. Nothing: it is not, and rank 0's agent picks a free one.
std::optional<std::string> why_toolkits_port(const JobSpec& spec, const Cluster& cluster);

// Errors: what mpirun_command() and place() refuse; an argument that is longer than the kernel takes.
Result<LaunchPlan> make_plan(const JobSpec& spec, const Cluster& cluster);

// What all ranks have, the user's -x among it, where they win.
Variables common_variables(const LaunchPlan& plan);

// What differs by host: SM_CURRENT_HOST and the others that are each host's own. Empty where the plan has one
// host: then they are common.
// `found`: GPUs and online CPUs as the host itself has found them; without it, as the plan's machine has
// them.
Variables variables_of_host(const LaunchPlan& plan, NodeRank node_rank,
                            const std::optional<std::pair<int, int>>& found = std::nullopt);

// Those of them whose length does not grow with the number of hosts.
Variables brief_variables_of_host(const LaunchPlan& plan, NodeRank node_rank);

// What differs by rank: its identity, and the threads it may use.
Variables variables_of_rank(const LaunchPlan& plan, Rank rank);

// The number by which CUDA inside a rank knows this GPU: only the usable ones have one there.
int cuda_index(const Machine& machine, GpuIndex gpu);

// Does this launcher give ranks RANK, MASTER_ADDR and so on?
bool sets_rank_identity(LauncherKind launcher);

}  // namespace smlaunch
