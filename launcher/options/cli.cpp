// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/cli.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "launcher/options/command_line.hpp"
#include "launcher/options/completions.hpp"
#include "launcher/options/help.hpp"
#include "launcher/options/man_page.hpp"
#include "launcher/options/option_adder.hpp"
#include "launcher/options/options_page.hpp"

namespace smlaunch {

namespace {

const Names<LauncherOption> launchers = {
    {"auto", LauncherOption::automatic}, {"process", LauncherOption::process},   {"mpi", LauncherOption::mpi},
    {"ddp", LauncherOption::ddp},        {"torchrun", LauncherOption::torchrun}, {"xla", LauncherOption::xla},
    {"smddp", LauncherOption::smddp}};
const Names<SchedulerOption> schedulers = {
    {"auto", SchedulerOption::automatic}, {"none", SchedulerOption::none},
    {"slurm", SchedulerOption::slurm},    {"pbs", SchedulerOption::pbs},
    {"lsf", SchedulerOption::lsf},        {"mpi-operator", SchedulerOption::mpi_operator},
    {"pet", SchedulerOption::pet}};
const Names<FrameworkModuleOption> framework_modules = {{"native", FrameworkModuleOption::native},
                                                        {"run", FrameworkModuleOption::run}};
const Names<HtmlReportOption> html_reports = {{"auto", HtmlReportOption::automatic},
                                              {"always", HtmlReportOption::always},
                                              {"never", HtmlReportOption::never}};
const Names<FlightRecorderOption> flight_recorders = {{"auto", FlightRecorderOption::automatic},
                                                      {"off", FlightRecorderOption::off}};
const Names<BindPolicy> binds = {{"auto", BindPolicy::automatic},
                                 {"gpu", BindPolicy::gpu},
                                 {"numa", BindPolicy::numa},
                                 {"core", BindPolicy::core},
                                 {"none", BindPolicy::none}};
const Names<SmokeOption> smokes = {{"auto", SmokeOption::automatic},
                                   {"nccl", SmokeOption::nccl},
                                   {"cpu", SmokeOption::cpu},
                                   {"off", SmokeOption::off}};
const Names<Format> formats = {
    {"text", Format::text}, {"json", Format::json}, {"shell", Format::shell}, {"svg", Format::svg}};
const Names<LogFormatOption> log_formats = {{"text", LogFormatOption::text}, {"json", LogFormatOption::json}};
const Names<ColorOption> colors = {
    {"auto", ColorOption::automatic}, {"always", ColorOption::always}, {"never", ColorOption::never}};

void add_options(Adder& adder, Options& o, bool& dry_run) {
  constexpr double year = 31'536'000;
  adder.matter("program");
  adder.add_flag("dry-run", dry_run, "show the plan; start nothing, create no file");
  adder.add_flag("probe", o.probe, "with --dry-run: ask the other hosts over SSH what they are");
  adder.add_choice("format", o.format, formats, "of --dry-run, topology, ready, smoke, env, status [text]");
  adder.matter("sagemaker");
  adder.add_folder("base-dir", o.base_dir,
                   "where input/, output/, code/, model/ lie [$SAGEMAKER_BASE_DIR, else /opt/ml]", "DIR");
  adder.add_file("resource-config", o.resource_config, "another resourceconfig.json", "FILE");
  adder.matter("hosts");
  adder.add("hosts", o.hosts, "hosts, with their ranks: a:8,b:8 or gn[01-04,7]:8", "LIST");
  adder.add_file("hostfile", o.hostfile, "the same in a file: lines of name slots=N; - is stdin", "FILE");
  adder.matter("slurm");
  adder.add_choice("scheduler", o.scheduler, schedulers,
                   "where hosts come from when none are named and there is no resource config [auto: what "
                   "the environment shows]");
  adder.matter("hosts");
  adder.add("exclude", o.exclude, "hosts that are not used: gn07,gn[11-12]", "LIST");
  adder.add_file("exclude-file", o.exclude_file, "the same from a hostfile, such as a hosts.bad", "FILE");
  adder.matter("kubernetes");
  adder.add_number("nnodes", o.nnodes, 1, 65536, "how many hosts start smlaunch themselves [PET_NNODES]",
                   "N");
  adder.add_number("node-rank", o.node_rank, 0, 65535, "which of them this host is; 0 leads [PET_NODE_RANK]",
                   "R");
  adder.add("master-addr", o.master_addr, "where the others find the first [PET_MASTER_ADDR]", "HOST");
  adder.matter("hosts");
  adder.add("current-host", o.current_host, "which of the hosts this is", "NAME");
  adder.matter("launchers");
  adder.add_choice("launcher", o.launcher, launchers,
                   "how ranks are started [auto: from the hyperparameters]");
  adder.matter("sagemaker");
  adder.add_choice("framework-module", o.framework_module, framework_modules,
                   "AWS's SAGEMAKER_TRAINING_MODULE: do what it does, or run it [native]");
  adder.matter("launchers");
  adder.add_number("processes-per-host", o.processes_per_host, 1, 65536, "ranks on each host", "N");
  adder.add_file("python", o.python, "the job's interpreter [the first python3 on PATH]", "FILE");
  adder.matter("mpi");
  adder.add("mpi-options", o.mpi_options, "custom MPI options, POSIX quoting; they win over ours", "STRING");
  adder.matter("topology");
  adder.add_number("gpus-per-host", o.gpus_per_host, 0, 1024, "plan as if every host had N GPUs", "N");
  adder.add_file("topology", o.topology, "plan on saved machines: hwloc XML or smlaunch's JSON",
                 "[HOST=]FILE", Repeated::all_count);
  adder.add_choice("bind", o.bind, binds, "CPU binding of ranks [auto]");
  adder.matter("hosts");
  adder.add_number("ready-timeout", o.ready_timeout, 0, year, "how long to wait for the hosts [3600]",
                   "SECONDS");
  adder.add_number("ssh-port", o.ssh_port, 1, 65535, "where the hosts' SSH listens [22]", "PORT");
  adder.matter("smoke");
  adder.add_choice("smoke", o.smoke, smokes, "the all-reduce test before the job [auto]");
  adder.add_number("smoke-bytes", o.smoke_bytes, 8, 1e12, "how much each rank adds up [67108864]", "N");
  adder.add_flag("require-gpu", o.require_gpu, "the smoke test fails where there is no GPU");
  adder.add_number("smoke-timeout", o.smoke_timeout, 1, year, "how long the test may take [120]", "SECONDS");
  adder.add_number("min-busbw", o.min_busbw, 0, 1e6, "bus bandwidth below which the test fails [none]",
                   "GBPS");
  adder.add_file("nccl-lib", o.nccl_lib,
                 "the NCCL that is tested: auto|system|FILE [auto: the job's interpreter's]", "FILE");
  adder.add(
      "inject", o.inject,
      "a fault for the smoke test to find: hang|corrupt|slow|missing-library|double, :rank=N or :host=NAME",
      "FAULT");
  adder.add_file("matrix", o.matrix, "of smlaunch smoke: every two hosts' bandwidth as a picture",
                 "FILE.svg");
  adder.matter("failures");
  adder.add_number("failure-grace", o.failure_grace, 0, year,
                   "from SIGTERM to SIGKILL after a rank failed [5]", "SECONDS");
  adder.add_number("stop-grace", o.stop_grace, 0, year, "from SIGTERM to SIGKILL when told to stop [110]",
                   "SECONDS");
  adder.add_number("leftover-grace", o.leftover_grace, 0, year,
                   "how long processes that ranks left running may go on when all ranks have ended [0]",
                   "SECONDS");
  adder.matter("sagemaker");
  adder.add_number("upload-timeout", o.upload_timeout, 0, year,
                   "how long the end of the job may wait for uploads of intermediate files [300]", "SECONDS");
  adder.matter("failures");
  adder.add_number("lost-after", o.lost_after, 1, year,
                   "how long an agent or host may be silent before it counts as lost [10]", "SECONDS");
  adder.add_number("leader-wait", o.leader_wait, 0, year,
                   "how much longer to wait for a leader that was stopped, while its host answers [600]",
                   "SECONDS");
  adder.add_number("hang-timeout", o.hang_timeout, 1, year,
                   "after so long without progress: report and stop [off]", "SECONDS");
  adder.add_number("start-timeout", o.start_timeout, 1, year,
                   "the same until the first progress [--hang-timeout]", "SECONDS");
  adder.add(
      "progress", o.progress,
      "which lines of the ranks are progress; (?P<step>[0-9]+) is a value [any line, until a rank writes to "
      "$SMLAUNCH_HEARTBEAT]",
      "REGEX");
  adder.add_choice(
      "flight-recorder", o.flight_recorder, flight_recorders,
      "auto: PyTorch records its collectives, and a thread in each Python process of a rank tells at a "
      "hang what it is doing [auto]");
  adder.matter("launchers");
  adder.add_number("master-port", o.master_port, 1, 65535, "rendezvous of the ranks [a free one]", "PORT");
  adder.add_number("channel-port", o.channel_port, 1, 65535,
                   "our own channel [a free one; of hosts that start themselves --master-port + 1]", "PORT");
  adder.matter("output");
  adder.add_folder("log-dir", o.log_dir, "also one file per rank and stream", "DIR");
  adder.add_ids("only-ranks", o.only_ranks, "show only these ranks' lines: 0,3-5 [all]", "RANKS");
  adder.add_choice("log-format", o.log_format, log_formats, "of the ranks' lines [text]");
  adder.matter("failures");
  adder.add_number("max-restarts", o.max_restarts, 0, 1'000'000, "how often to run again after a failure [0]",
                   "N");
  adder.add("restart-on", o.restart_on,
            "which failures are worth another try: lost_host, signal (from outside), smoke, start, hang, "
            "user_code, "
            "exit codes [lost_host,signal,smoke,start,hang]",
            "CLASS,CODE,...");
  adder.add("host-check", o.host_check,
            "runs on every host before a try; where it fails, its last line is the reason", "COMMAND");
  adder.add("check-path", o.check_path, "must be there and writable on every host before a try", "PATH",
            Repeated::all_count);
  adder.add_number("gpu-memory-wait", o.gpu_memory_wait, 0, year,
                   "how long another try waits until the GPUs' memory is free [60]", "SECONDS");
  adder.add_number("min-hosts", o.min_hosts, 1, 65536,
                   "when no spare is left, another try goes on with fewer hosts, but at least M [off]", "M");
  adder.add_number("spare-hosts", o.spare_hosts, 0, 65536,
                   "the last K hosts run no rank until they replace a lost host [0]", "K");
  adder.matter("output");
  adder.add_file("events", o.events,
                 "JSON lines of all that happened [BASE/output/data/smlaunch/events.jsonl]", "FILE");
  adder.add_file("report", o.report, "the final report as JSON [BASE/output/data/smlaunch/report.json]",
                 "FILE");
  adder.add_file("trace", o.trace, "the run as an OpenTelemetry trace (OTLP JSON), written at its end",
                 "FILE");
  adder.add_file("metrics", o.metrics, "what the job is doing as OpenMetrics text, renewed every 10 s",
                 "FILE");
  adder.add_choice("html-report", o.html_report, html_reports,
                   "the run's page, report.html beside the report: auto is after a failure [auto]");
  adder.add_file("html", o.html, "of smlaunch report: write the page there", "FILE");
  adder.add_flag("stacks", o.stacks, "of smlaunch status: also where each rank is now");
  adder.add_choice("color", o.color, colors,
                   "of the ranks' prefixes [auto: on a terminal, unless NO_COLOR is set]");
  adder.add_flag("quiet", o.quiet, "only errors", 'q');
  adder.add_flag("verbose", o.verbose, "more of what goes on", 'v');
}

Error usage_error(const std::string& what) {
  return {Fault::usage, {{"command line", what, "smlaunch --help-all lists all options"}}};
}

using Answer = Result<std::variant<Options, CliAnswer>>;

Answer answer_of(const Result<std::string>& text) {
  if (!text) return tl::unexpected(text.error());
  return CliAnswer{*text};
}

// `smlaunch help [MATTER]`
Answer explain(const std::vector<std::string>& behind, const OptionTable& table) {
  if (behind.empty() || behind.front().starts_with("-")) return CliAnswer{render_matters()};
  if (behind.size() > 1) return tl::unexpected(usage_error("help takes one MATTER"));
  const std::string& matter = behind.front();
  if (matter == "man") return CliAnswer{render_man_page(table)};
  if (matter == "markdown") return CliAnswer{render_options_page(table)};
  if (matter == "bash") return CliAnswer{render_completion(Shell::bash, table)};
  if (matter == "zsh") return CliAnswer{render_completion(Shell::zsh, table)};
  if (matter == "fish") return CliAnswer{render_completion(Shell::fish, table)};
  return answer_of(render_help_of(matter, table));
}

}  // namespace

bool is_called_train(const std::vector<std::string>& command_line) {
  if (command_line.empty()) return false;
  const std::string& program = command_line.front();
  return program == "train" || program.ends_with("/train");
}

std::vector<std::string> arguments_of(const std::vector<std::string>& command_line) {
  if (command_line.empty()) return {};
  const bool is_told_twice =
      is_called_train(command_line) && command_line.size() > 1 && command_line[1] == "train";
  return {command_line.begin() + (is_told_twice ? 2 : 1), command_line.end()};
}

Result<std::variant<Options, CliAnswer>> parse_cli(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App app("", "smlaunch");
  app.set_help_all_flag("--help-all");
  app.set_version_flag("--version", std::string());
  app.fallthrough();
  Adder adder(app, arguments);
  bool dry_run = false;
  add_options(adder, options, dry_run);
  app.require_subcommand(0, 1);
  std::vector<std::pair<CLI::App*, Command>> commands;
  const auto add_command = [&](const char* word, Command command, const char* what, const char* matter,
                               const char* operand = "") {
    if (CLI::App* named = adder.add_command(word, what, matter, operand))
      commands.emplace_back(named, command);
  };
  add_command("topology", Command::topology, "this machine: packages, NUMA, GPUs, NICs, how near they are",
              "topology");
  add_command("ready", Command::ready, "only wait for the hosts", "hosts");
  add_command("smoke", Command::smoke, "wait for the hosts, then only the all-reduce test", "smoke");
  add_command("env", Command::env, "the SM_* variables, the arguments and the container's paths",
              "sagemaker");
  add_command("report", Command::report, "tells of a run by the files that it has left", "output",
              "DIR|FILE");
  add_command("status", Command::status, "what a running job is doing", "output", "JOB|PID|DIR");
  add_command("doctor", Command::doctor, "what this machine (and --hosts) has and lacks, and what mends it",
              "doctor");
  adder.add_command("help", "explains a matter: smlaunch help hosts", "help");

  const OptionTable& table = adder.table();
  const SplitLine line = split_line(arguments, table);
  if (line.command == "help")
    return explain({arguments.begin() + static_cast<std::ptrdiff_t>(line.command_at) + 1, arguments.end()},
                   table);
  // CLI11 would take -hostfile for -h and more.
  if (line.unknown && line.unknown->starts_with("-") && !line.unknown->starts_with("--"))
    return tl::unexpected(unknown_word(*line.unknown, table));
  options.entry_point = line.program;
  options.operand = line.operand;
  if (options.entry_point && (options.entry_point->empty() || options.entry_point->front().empty()))
    return tl::unexpected(usage_error("no entry point after --"));
  std::vector<std::string> own = line.own;
  std::reverse(own.begin(), own.end());  // as CLI11 takes them
  try {
    app.parse(std::move(own));
  } catch (const CLI::CallForHelp&) {
    // -hostfile is no cluster of letters with -h first.
    if (line.unknown) return tl::unexpected(unknown_word(*line.unknown, table));
    if (!line.command.empty()) return answer_of(render_help_of(line.command, table));
    return CliAnswer{render_help(table)};
  } catch (const CLI::CallForAllHelp&) {
    return CliAnswer{render_help_all(table)};
  } catch (const CLI::CallForVersion&) {
    if (!has_flag(line, "verbose", 'v')) return CliAnswer{std::string("smlaunch ") + SMLAUNCH_VERSION + "\n"};
    options.command = Command::versions;
    return options;
  } catch (const CLI::ExtrasError& error) {
    return tl::unexpected(line.unknown ? unknown_word(*line.unknown, table) : usage_error(error.what()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(usage_error(error.what()));
  }
  if (dry_run) options.command = Command::dry_run;
  if (!dry_run && has_flag(line, "probe", '\0'))
    return tl::unexpected(usage_error("--probe goes only with --dry-run"));
  options.probe = options.probe && dry_run;
  for (const auto& [subcommand, command] : commands) {
    if (!subcommand->parsed()) continue;
    if (has_flag(line, "dry-run", '\0'))
      return tl::unexpected(
          usage_error(fmt::format("--dry-run does not go with {}", subcommand->get_name())));
    options.command = command;
  }
  if (options.html && options.command != Command::report)
    return tl::unexpected(usage_error("--html goes only with report; a run takes --html-report"));
  if (options.matrix && options.command != Command::smoke)
    return tl::unexpected(usage_error("--matrix goes only with smoke"));
  for (const auto& [name, option] : adder.options()) {
    if (option->count() == 0) continue;
    const std::string flag = "--" + name;
    const bool on_line = std::any_of(line.own.begin(), line.own.end(), [&](const std::string& argument) {
      return argument == flag || argument.starts_with(flag + "=");
    });
    options.sources[name] = on_line ? "option " + flag : "variable " + variable_of(name);
    static constexpr std::array<std::string_view, 12> of_files = {
        "hostfile", "topology", "events",       "report", "log-dir", "resource-config",
        "nccl-lib", "matrix",   "exclude-file", "html",   "trace",   "metrics"};
    const auto values = option->results();
    if (std::find(of_files.begin(), of_files.end(), name) != of_files.end() &&
        std::find(values.begin(), values.end(), "") != values.end())
      return tl::unexpected(usage_error(
          fmt::format("{} is empty; name a file or a folder", on_line ? flag : variable_of(name))));
  }
  return options;
}

}  // namespace smlaunch
