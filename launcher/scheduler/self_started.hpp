// SPDX-License-Identifier: Apache-2.0
// Hosts that start themselves: each runs smlaunch with the same command, and is told which of them it is, how many
// there are, and where the first is; by torchrun's options, or by what Kubernetes and Slurm set. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

struct SelfStarted {
  int node_rank = 0;               // ours
  std::vector<std::string> names;  // by node rank; the first is where the others find it
  std::optional<int> master_port;  // as the environment has it
  int channel_port = 0;            // where the first host listens for the others
  std::optional<int> ranks_per_host;
  std::string ranks_source;    // of it
  std::string source;          // "PET_NNODES, PET_NODE_RANK, PET_MASTER_ADDR"
  bool may_use_munge = false;  // Slurm's processes know each other by it where no token is set
  std::string job;  // by munge: Slurm's name for this step of this start of the job, the same on all hosts
};

// torchrun's default for --master-port, which is where its environment leaves it open.
inline constexpr int torchruns_port = 29500;
// So few characters can be guessed.
inline constexpr std::size_t shortest_job_token = 32;

// What --nnodes, --node-rank and --master-addr say, and, where these are silent, the environment: PET_*, else
// JOB_COMPLETION_INDEX with MASTER_ADDR and WORLD_SIZE. Nothing: this job has one host, or none of them says a word.
// Errors (Fault::usage, or Fault::configuration of the environment): one is missing, or is no such thing.
Result<std::optional<SelfStarted>> find_self_started(const Options& options, const Variables& variables);

// Errors (Fault::configuration): no token, unless there may be none, or a token that is too short, with the line that
// makes one.
Result<void> check_job_token(const std::string& token, bool may_be_none = false);

// Slurm's numbers of what it runs.
struct SlurmStep {
  long job = 0;
  long step = 0;
  long restarts = 0;  // of the job: SLURM_RESTART_COUNT
};

// The hosts of a step of Slurm's that starts smlaunch once on each. `node_rank`: ours. The port is made of job and step:
// each of them makes out the same, and jobs and steps that are near have others.
SelfStarted make_step_of_slurm(std::vector<std::string> names, int node_rank, const SlurmStep& step,
                               const std::optional<int>& channel_port);

// What the hosts are called, given the first's: as Kubernetes numbers pods, where the first is called so.
std::vector<std::string> name_nodes(const std::string& first, int nodes);

}  // namespace smlaunch
