// SPDX-License-Identifier: Apache-2.0
// The room launcher/options: the command line and the SMLAUNCH_* variables, as one plain struct. It promises
// one clear error for each word that it cannot read, and decides nothing. It touches CLI11, and reads the SMLAUNCH_*
// variables of this process.
//
// The options as they were given, before anything is decided by them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "topology/id_set.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

enum class Command { run, dry_run, topology, ready, smoke, env, report, status, doctor, versions };
enum class Format { text, json, shell, svg };
enum class LauncherOption { automatic, process, mpi, ddp, torchrun, xla, smddp };
enum class SchedulerOption { automatic, none, slurm, pbs, lsf, mpi_operator, pet };
enum class FrameworkModuleOption { native, run };
enum class SmokeOption { automatic, nccl, cpu, off };
enum class ColorOption { automatic, always, never };
enum class LogFormatOption { text, json };
enum class HtmlReportOption { automatic, always, never };
enum class FlightRecorderOption { automatic, off };

struct Options {
  Command command = Command::run;
  std::optional<std::string> base_dir;
  std::optional<std::string> resource_config;
  std::optional<std::string> hosts;
  std::optional<std::string> hostfile;
  SchedulerOption scheduler = SchedulerOption::automatic;
  std::optional<std::string> exclude;
  std::optional<std::string> exclude_file;
  std::optional<int> nnodes;  // hosts that start themselves
  std::optional<int> node_rank;
  std::optional<std::string> master_addr;
  std::string job_token;  // SMLAUNCH_JOB_TOKEN, which is no option: it stands on no command line
  std::optional<std::string> current_host;
  LauncherOption launcher = LauncherOption::automatic;
  FrameworkModuleOption framework_module = FrameworkModuleOption::native;
  std::optional<int> processes_per_host;
  std::optional<std::string> python;
  std::optional<std::string> mpi_options;
  std::optional<int> gpus_per_host;
  std::vector<std::string> topology;  // FILE or HOST=FILE
  BindPolicy bind = BindPolicy::automatic;
  double ready_timeout = 3600;
  int ssh_port = 22;
  bool probe = false;  // a dry run asks the other hosts what they are
  SmokeOption smoke = SmokeOption::automatic;
  long smoke_bytes = 64L << 20;
  double smoke_timeout = 120;
  std::optional<double> min_busbw;
  bool require_gpu = false;
  std::optional<std::string> nccl_lib;  // auto, system or a file
  std::optional<std::string> inject;    // a fault for the test to find
  std::optional<std::string> matrix;    // of smlaunch smoke: a picture
  double failure_grace = 5;
  double stop_grace = 110;
  double leftover_grace = 0;
  double upload_timeout = 300;
  double lost_after = 10;
  double leader_wait = 600;
  std::optional<double> hang_timeout;
  std::optional<double> start_timeout;
  std::optional<std::string> progress;  // a regular expression
  FlightRecorderOption flight_recorder = FlightRecorderOption::automatic;
  std::optional<int> master_port;
  std::optional<int> channel_port;
  std::optional<std::string> log_dir;
  std::optional<IdSet> only_ranks;  // the ranks whose lines are shown
  LogFormatOption log_format = LogFormatOption::text;
  int max_restarts = 0;
  std::string restart_on = "lost_host,signal,smoke,start,hang";  // classes and exit codes
  std::optional<std::string> host_check;                         // a command of a shell
  std::vector<std::string> check_path;
  double gpu_memory_wait = 60;
  std::optional<int> min_hosts;
  int spare_hosts = 0;
  std::optional<std::string> events;
  std::optional<std::string> report;
  std::optional<std::string> trace;
  std::optional<std::string> metrics;
  HtmlReportOption html_report = HtmlReportOption::automatic;
  std::optional<std::string> operand;  // of smlaunch report: where the run is; of smlaunch status: which job
  bool stacks = false;                 // of smlaunch status: where the ranks are, too
  std::optional<std::string> html;     // of smlaunch report: the page to write
  Format format = Format::text;
  ColorOption color = ColorOption::automatic;
  bool quiet = false;
  bool verbose = false;
  std::optional<std::vector<std::string>> entry_point;  // after --
  bool called_train = false;  // by that name it behaves like the toolkit, outside a container, too

  // "hosts" -> "option --hosts" or "variable SMLAUNCH_HOSTS", for each option that was given.
  std::map<std::string, std::string> sources;
};

// Where an option's value came from; `otherwise` for an option that was not given.
inline std::string source_of(const Options& options, const std::string& name, const std::string& otherwise) {
  const auto given = options.sources.find(name);
  return given == options.sources.end() ? otherwise : given->second;
}

}  // namespace smlaunch
