// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/matters.hpp"

#include <sstream>

namespace smlaunch {

const std::vector<Matter>& all_matters() {
  static const std::vector<Matter> matters = {
      {"program", "the program and what is shown of it",
       R"(The program is the first word that ends in .py; what follows is its own:
  smlaunch --hosts a:8,b:8 train.py --lr 0.1
Any other program stands behind --, and so does a word that smlaunch knows:
  smlaunch -- ./simulate --steps 10
  smlaunch -- -m package.train
In a SageMaker container it comes from /opt/ml (smlaunch help sagemaker).
--dry-run shows the whole plan and starts nothing; a run performs that plan.
)"},
      {"hosts", "which machines, and when they are ready",
       R"(Name the hosts with the number of ranks on each:
  smlaunch --hosts node-a:8,node-b:8 train.py
  smlaunch --hostfile hosts train.py      its lines: node-a slots=8
They need SSH without a password, Open MPI, and smlaunch of the same version at
the same path. The machine where you type leads; it need not be one of them.
`smlaunch doctor --hosts ...` says what each host lacks, and what to do about it;
`smlaunch ready --hosts ...` only waits for them.
)"},
      {"launchers", "how ranks are started",
       R"(auto takes what the job's hyperparameters switch on; with --hosts it is ddp for a
.py, else mpi. process: one process on each host. mpi: an MPI program. ddp: Python
with RANK, WORLD_SIZE, MASTER_ADDR ... as torch.distributed reads them. torchrun,
xla: these start their own ranks. smddp: AWS's data parallel library.
)"},
      {"mpi", "Open MPI and its options",
       R"(Open MPI's mpirun (4 or 5) starts the ranks of several hosts, and an agent of ours
beside each of them. The plan shows the whole command; -v shows every -x of it.
Options of your own win over ours:
  smlaunch --mpi-options "-mca btl_tcp_if_include eth1 -x NCCL_DEBUG=INFO" ...
An option that would change the plan (-np, --host, ...) is refused, with its name.
Without mpirun, one host's ranks are started by smlaunch itself.
)"},
      {"topology", "machines, and where ranks go on them",
       R"(`smlaunch topology` shows this machine: packages, NUMA nodes, GPUs, NICs, and how
near they are to each other. Each rank is bound near its GPU. Plan for machines
that you are not on:
  smlaunch topology --format json > node.json                  there
  smlaunch --dry-run --hosts a,b --topology node.json train.py here
)"},
      {"smoke", "the all-reduce test before the job",
       R"(Before the program starts, all ranks compute one sum: on GPUs with the NCCL that
the job would load, else with Open MPI. A wrong sum names the rank; a rank that
does not come is named with the stage it did not reach; when neither tells, hosts
are tested in pairs until the bad host or link is found. A failed test ends the
job with 75 before it has begun. `smlaunch smoke` is the test alone.
Rehearse it: smlaunch smoke --hosts a:2,b:2 --inject hang:rank=3
)"},
      {"failures", "what happens when something fails",
       R"(The first rank that failed is named, with the reason, and its exit code is ours.
The others get SIGTERM, and SIGKILL after a grace. A host that falls silent is
lost after --lost-after. --hang-timeout asks every rank what it is doing when none
has made progress for so long, says who waits for whom, and stops the job; a rank
that computes is not ended for its silence. Progress is any line, or what a rank
appends to the file $SMLAUNCH_HEARTBEAT (step=120 loss=2.1), or what matches
--progress REGEX. --max-restarts tries again what was not the program's own fault;
--restart-on says what that is. A heartbeat line smlaunch=stop, smlaunch=restart
or smlaunch=exclude-host decides for one failure.
)"},
      {"output", "lines, logs and reports",
       R"(Lines are whole, up to 64 MiB, and begin with [RANK HOST]. smlaunch's own few
sentences go to stderr and begin with "smlaunch: ". With a BASE folder the run
leaves there output/data/smlaunch/report.json and events.jsonl, and after a failure
report.html.
`smlaunch report` tells of a run by these files, on the terminal or as a page:
  smlaunch report /opt/ml --html run.html
While it runs, its last line on a terminal says how it goes; from another terminal
of the same host and user `smlaunch status` does, and --stacks where each rank is.
--metrics FILE is the same for Prometheus and others, --trace FILE for traces.
)"},
      {"sagemaker", "in a SageMaker training container",
       R"(Install smlaunch under the name `train` (a link will do) and change nothing else:
the program, launcher, hosts and arguments come from /opt/ml/input/config, and
/opt/ml/output gets success or failure. `smlaunch env` shows the SM_* variables,
the arguments and the paths. Without /opt/ml, `train` makes a job's folder
below ~/sagemaker_local, as the toolkit does.
)"},
      {"kubernetes", "hosts that start themselves: pods, or where there is no SSH",
       R"(Start smlaunch on every host with the same command; no SSH and no MPI is needed:
  export SMLAUNCH_JOB_TOKEN=...          the same on all: openssl rand -hex 32
  smlaunch --nnodes 4 --node-rank 2 --master-addr node-0 train.py
The first leads and waits for the others (--ready-timeout), which may come before
or after it. PyTorchJob, Trainer (PET_*) and JobSet say all of this themselves.
The launchers are ddp, torchrun and process. The first host listens at
--channel-port.
)"},
      {"slurm", "in a batch job of Slurm, PBS, LSF, or under the MPI Operator",
       R"(No host needs to be named: those that the batch system has given the job are
taken, with the ranks that it says.
  sbatch --nodes 4 --ntasks-per-node 8 --wrap "smlaunch train.py --lr 0.1"
  salloc --nodes 2 --ntasks-per-node 8 smlaunch -- ./simulate
Start smlaunch once. srun reaches the hosts of Slurm, which need no SSH; the hosts
of PBS, LSF and the MPI Operator are reached by SSH. --dry-run shows the hosts
before anything starts.
)"},
      {"doctor", "what is fine, what is missing, and what mends it",
       R"(`smlaunch doctor` looks at this machine: Open MPI, SSH, Python, GPUs and their
driver, NCCL, /dev/shm, libraries, Slurm. With --hosts or --hostfile it asks those
hosts, too, for 15 seconds or --ready-timeout. It changes nothing. It ends with 69
where a named host is not ready, else with 0.
`smlaunch --version --verbose` says in short what smlaunch is made of and finds.
)"},
      {"variables", "variables in the place of options",
       R"(Every option can be given as SMLAUNCH_<OPTION>: SMLAUNCH_SMOKE=off is --smoke off.
An option wins over its variable, that over a hyperparameter, that over the
resource config, that over what is probed. --dry-run --format json says for each
decided value where it came from (sources).
)"},
      {"exit-codes", "what the exit code says",
       R"(The first failing rank's own code passes through; 128+n for signal n. Ours:
   64 usage                  75 the all-reduce test failed
   69 hosts not ready        76 a host or rank was lost
   70 internal error         78 bad configuration
   71 could not start       130 stopped by SIGINT, 143 by SIGTERM
A program may end with one of these itself: `class` in report.json decides.
)"},
  };
  return matters;
}

std::vector<OptionInfo> options_of(const Matter& matter, const OptionTable& table) {
  std::vector<OptionInfo> options;
  for (const OptionInfo& option : table.options)
    if (option.matter == matter.word) options.push_back(option);
  return options;
}

std::vector<TextBlock> blocks_of(const Matter& matter) {
  std::vector<TextBlock> blocks;
  std::istringstream lines(matter.text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_verbatim = line.starts_with(" ");
    if (blocks.empty() || blocks.back().is_verbatim != is_verbatim)
      blocks.push_back({.is_verbatim = is_verbatim, .lines = {}});
    blocks.back().lines.push_back(line);
  }
  return blocks;
}

const std::vector<std::string>& first_options() {
  static const std::vector<std::string> names = {"dry-run",      "hosts",  "hostfile", "processes-per-host",
                                                 "launcher",     "python", "smoke",    "max-restarts",
                                                 "hang-timeout", "log-dir"};
  return names;
}

}  // namespace smlaunch
