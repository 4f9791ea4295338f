// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>

namespace smlaunch {

namespace {

template <class T>
using Names = std::vector<std::pair<std::string, T>>;

const Names<LauncherOption> launchers = {
    {"auto", LauncherOption::automatic}, {"process", LauncherOption::process},   {"mpi", LauncherOption::mpi},
    {"ddp", LauncherOption::ddp},        {"torchrun", LauncherOption::torchrun}, {"xla", LauncherOption::xla},
    {"smddp", LauncherOption::smddp}};
const Names<FrameworkModuleOption> framework_modules = {{"native", FrameworkModuleOption::native},
                                                        {"run", FrameworkModuleOption::run}};
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

std::string variable_of(const std::string& option) {
  std::string name = "SMLAUNCH_";
  for (const char c : option)
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// What a person calls a number: 010 is ten, 0x4 and 4k are none.
std::optional<double> parse_decimal(const std::string& text) {
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool has_digit = std::any_of(text.begin(), text.end(), is_digit);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, number);
  const bool begins = text.size() > sign && (is_digit(text[sign]) || text[sign] == '.');
  if (!has_digit || !begins || error != std::errc() || stopped != end) return {};
  return number;
}

template <class T>
struct Value {
  using type = T;
};
template <class T>
struct Value<std::optional<T>> {
  using type = T;
};
template <class T>
using ValueOf = typename Value<T>::type;

// Adds options to an app, each with its SMLAUNCH_* variable.
class Adder {
 public:
  explicit Adder(CLI::App& app) : app_(app) {}

  template <class T>
  CLI::Option* add(const std::string& name, T& value, const std::string& what, const std::string& metavar) {
    return finish(app_.add_option("--" + name, value, what), name)->type_name(metavar);
  }

  template <class T>
  void add_number(const std::string& name, T& value, double least, double most, const std::string& what,
                  const std::string& metavar) {
    auto* option = app_.add_option_function<std::string>(
        "--" + name,
        [&value](const std::string& text) { value = static_cast<ValueOf<T>>(*parse_decimal(text)); }, what);
    finish(option, name)->type_name(metavar);
    option->check([least, most](const std::string& text) -> std::string {
      const auto parsed = parse_decimal(text);
      if (!parsed) return fmt::format("\"{}\" is no number", text);
      const double number = *parsed;
      if (std::is_integral_v<ValueOf<T>> && std::floor(number) != number)
        return fmt::format("\"{}\" is no whole number", text);
      if (number < least || number > most)
        return fmt::format("{} is not between {:.15g} and {:.15g}", text, least, most);
      return {};
    });
  }

  template <class T>
  void add_choice(const std::string& name, T& value, const Names<T>& names, const std::string& what) {
    std::string list;
    for (const auto& [text, each] : names) list += (list.empty() ? "" : "|") + text;
    auto* option = app_.add_option_function<std::string>(
        "--" + name,
        [&value, names](const std::string& text) {
          for (const auto& [known, each] : names)
            if (known == text) value = each;
        },
        what);
    option->check([names, list](const std::string& text) -> std::string {
      const bool known =
          std::any_of(names.begin(), names.end(), [&](const auto& each) { return each.first == text; });
      return known ? "" : fmt::format("\"{}\" is none of {}", text, list);
    });
    finish(option, name)->type_name(list);
  }

  void add_ids(const std::string& name, std::optional<IdSet>& value, const std::string& what,
               const std::string& metavar) {
    auto* option = app_.add_option_function<std::string>(
        "--" + name, [&value](const std::string& text) { value = parse_id_set(text); }, what);
    option->check([](const std::string& text) -> std::string {
      const auto ids = parse_id_set(text);
      return ids && !ids->empty() ? "" : fmt::format("\"{}\" is no list of numbers such as 0,3-5", text);
    });
    finish(option, name)->type_name(metavar)->delimiter('\0');
  }

  [[nodiscard]] const std::vector<std::pair<std::string, CLI::Option*>>& options() const { return options_; }

 private:
  CLI::Option* finish(CLI::Option* option, const std::string& name) {
    options_.emplace_back(name, option);
    return option->envname(variable_of(name))->take_last();
  }

  CLI::App& app_;
  std::vector<std::pair<std::string, CLI::Option*>> options_;
};

void add_options(Adder& adder, Options& o) {
  constexpr double year = 31'536'000;
  adder.add("base-dir", o.base_dir,
            "where input/, output/, code/, model/ lie [$SAGEMAKER_BASE_DIR, else /opt/ml]", "DIR");
  adder.add("resource-config", o.resource_config, "another resourceconfig.json", "FILE");
  adder.add("hosts", o.hosts, "hosts instead of a resourceconfig.json: a:8,b:8", "LIST");
  adder.add("hostfile", o.hostfile, "the same from a file in Open MPI's form, name slots=N; - is stdin",
            "FILE");
  adder.add("current-host", o.current_host, "which of the hosts this is", "NAME");
  adder.add_choice("launcher", o.launcher, launchers,
                   "how ranks are started [auto: from the hyperparameters]");
  adder.add_choice("framework-module", o.framework_module, framework_modules,
                   "AWS's SAGEMAKER_TRAINING_MODULE: do what it does, or run it [native]");
  adder.add_number("processes-per-host", o.processes_per_host, 1, 65536, "ranks on each host", "N");
  adder.add("python", o.python, "the job's interpreter [the first python3 on PATH]", "FILE");
  adder.add("mpi-options", o.mpi_options, "custom MPI options, POSIX quoting; they win over ours", "STRING");
  adder.add_number("gpus-per-host", o.gpus_per_host, 0, 1024, "plan as if every host had N GPUs", "N");
  adder.add("topology", o.topology, "plan on saved machines: hwloc XML or smlaunch's JSON", "[HOST=]FILE")
      ->take_all()
      ->delimiter('\0');
  adder.add_choice("bind", o.bind, binds, "CPU binding of ranks [auto]");
  adder.add_number("ready-timeout", o.ready_timeout, 0, year, "how long to wait for the hosts [3600]",
                   "SECONDS");
  adder.add_number("ssh-port", o.ssh_port, 1, 65535, "[22]", "PORT");
  adder.add_choice("smoke", o.smoke, smokes, "the all-reduce test before the job [auto]");
  adder.add_number("smoke-bytes", o.smoke_bytes, 8, 1e12, "[67108864]", "N");
  adder.add_number("smoke-timeout", o.smoke_timeout, 1, year, "[120]", "SECONDS");
  adder.add_number("min-busbw", o.min_busbw, 0, 1e6, "bus bandwidth below which the test fails [none]",
                   "GBPS");
  adder.add("nccl-lib", o.nccl_lib,
            "the NCCL that is tested: auto|system|FILE [auto: the job's interpreter's]", "FILE");
  adder.add(
      "inject", o.inject,
      "a fault for the smoke test to find: hang|corrupt|slow|missing-library|double, :rank=N or :host=NAME",
      "FAULT");
  adder.add("matrix", o.matrix, "of smlaunch smoke: every two hosts' bandwidth as a picture", "FILE.svg");
  adder.add_number("failure-grace", o.failure_grace, 0, year,
                   "from SIGTERM to SIGKILL after a rank failed [5]", "SECONDS");
  adder.add_number("stop-grace", o.stop_grace, 0, year, "from SIGTERM to SIGKILL when told to stop [110]",
                   "SECONDS");
  adder.add_number("leftover-grace", o.leftover_grace, 0, year,
                   "how long what a rank left running may go on when all ranks have ended [0]", "SECONDS");
  adder.add_number("upload-timeout", o.upload_timeout, 0, year,
                   "how long the end of the job may wait for intermediate files to be uploaded [300]",
                   "SECONDS");
  adder.add_number("lost-after", o.lost_after, 1, year, "when a silent agent or host counts as lost [10]",
                   "SECONDS");
  adder.add_number("hang-timeout", o.hang_timeout, 1, year, "no output for so long: report, stop [off]",
                   "SECONDS");
  adder.add_number("master-port", o.master_port, 1, 65535, "rendezvous of the ranks [a free one]", "PORT");
  adder.add_number("channel-port", o.channel_port, 1, 65535, "our own channel [a free one]", "PORT");
  adder.add("log-dir", o.log_dir, "also one file per rank and stream", "DIR");
  adder.add_ids("only-ranks", o.only_ranks, "show only these ranks' lines: 0,3-5 [all]", "RANKS");
  adder.add_choice("log-format", o.log_format, log_formats, "of the ranks' lines [text]");
  adder.add_number("max-restarts", o.max_restarts, 0, 1'000'000, "run again after a failure, so often [0]",
                   "N");
  adder.add_number("spare-hosts", o.spare_hosts, 0, 65536,
                   "the last K hosts run no rank until they replace one that was lost [0]", "K");
  adder.add("events", o.events, "JSON lines of all that happened [BASE/output/data/smlaunch/events.jsonl]",
            "FILE");
  adder.add("report", o.report, "the final report as JSON [BASE/output/data/smlaunch/report.json]", "FILE");
  adder.add_choice("format", o.format, formats, "of --dry-run, topology, ready, smoke, env [text]");
  adder.add_choice("color", o.color, colors, "[auto]");
}

constexpr const char* footer =
    "Everything after -- is the entry point (a .py file, -m MODULE or a command) and its arguments;\n"
    "before a .py file that comes first, -- may be left out.\n"
    "Each option can be given as SMLAUNCH_<OPTION>.\n"
    "Exit codes: the first failing rank's own (128+n for signal n); 64 usage, 69 hosts not ready, 70 "
    "internal error,\n"
    "71 could not start, 75 smoke test failed, 76 host or rank lost, 78 bad configuration, 130/143 stopped.";

Error usage_error(const std::string& what, const std::string& remedy = "smlaunch --help lists the options") {
  return {Fault::usage, {{"command line", what, remedy}}};
}

// Options of mpirun and torchrun that people type out of habit, and what says the same here.
std::string_view instead_of(std::string_view word) {
  constexpr std::string_view ranks = "say how many ranks each host has: --processes-per-host N";
  constexpr std::string_view hosts = "name the hosts, each with its slots: --hosts a:8,b:8";
  constexpr std::string_view file = "name the file: --hostfile FILE";
  constexpr std::string_view to_mpirun = "hand it to mpirun: --mpi-options '-x NAME -mca PARAMETER VALUE'";
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 18> table = {
      {{"-np", ranks},
       {"--np", ranks},
       {"-n", ranks},
       {"-c", ranks},
       {"-N", ranks},
       {"-npernode", ranks},
       {"--npernode", ranks},
       {"--nproc_per_node", ranks},
       {"--nproc-per-node", ranks},
       {"-H", hosts},
       {"-host", hosts},
       {"--host", hosts},
       {"-hostfile", file},
       {"-machinefile", file},
       {"--machinefile", file},
       {"-x", to_mpirun},
       {"-mca", to_mpirun},
       {"--mca", to_mpirun}}};
  word = word.substr(0, word.find('='));
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.first == word; });
  return found == table.end() ? std::string_view() : found->second;
}

// `extra`: what is left of the command line when all options are taken.
Error extra_error(const std::vector<std::string>& extra, const std::string& what) {
  if (extra.empty()) return usage_error(what);
  const std::string& word = extra.front();
  if (const std::string_view instead = instead_of(word); !instead.empty())
    return usage_error(fmt::format("{} is no option of smlaunch", word), std::string(instead));
  if (!word.empty() && word.front() == '-') return usage_error(what);
  return usage_error(
      what, fmt::format("a program and its arguments stand behind --: smlaunch OPTION... -- {}", word));
}

}  // namespace

std::vector<std::string> arguments_of(const std::vector<std::string>& command_line) {
  if (command_line.empty()) return {};
  const std::string& program = command_line.front();
  const bool is_train = program == "train" || program.ends_with("/train");
  const bool is_told_twice = is_train && command_line.size() > 1 && command_line[1] == "train";
  return {command_line.begin() + (is_told_twice ? 2 : 1), command_line.end()};
}

Result<std::variant<Options, CliAnswer>> parse_cli(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App app(
      "Starts distributed training: reads the job as a SageMaker container does, shows or runs the plan.",
      "smlaunch");
  app.footer(footer);
  app.set_version_flag("--version", std::string("smlaunch ") + SMLAUNCH_VERSION);
  app.fallthrough();
  Adder adder(app);
  add_options(adder, options);
  bool dry_run = false;
  app.add_flag("--dry-run", dry_run, "show the plan; start nothing, create no file")
      ->envname("SMLAUNCH_DRY_RUN");
  app.add_flag("--probe", options.probe, "with --dry-run: ask the other hosts over SSH what they are")
      ->envname("SMLAUNCH_PROBE");
  app.add_flag("--require-gpu", options.require_gpu, "the smoke test fails where no GPU is")
      ->envname("SMLAUNCH_REQUIRE_GPU");
  app.add_flag("-q,--quiet", options.quiet, "only errors")->envname("SMLAUNCH_QUIET");
  app.add_flag("-v,--verbose", options.verbose, "more of what goes on")->envname("SMLAUNCH_VERBOSE");
  app.require_subcommand(0, 1);
  const std::vector<std::pair<CLI::App*, Command>> commands = {
      {app.add_subcommand("topology", "this machine: packages, NUMA, GPUs, NICs, how near they are"),
       Command::topology},
      {app.add_subcommand("ready", "only wait for the hosts"), Command::ready},
      {app.add_subcommand("smoke", "wait for the hosts, then only the all-reduce test"), Command::smoke},
      {app.add_subcommand("env", "the SM_* variables, the arguments and the container's paths"),
       Command::env}};

  // `smlaunch PROGRAM.py ARG...` is `smlaunch -- PROGRAM.py ARG...`.
  const bool is_bare = !arguments.empty() && arguments.front().ends_with(".py");
  const auto separator = is_bare ? arguments.begin() : std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> own(arguments.begin(), separator);
  if (separator != arguments.end()) {
    options.entry_point.emplace(separator + (is_bare ? 0 : 1), arguments.end());
    if (options.entry_point->empty() || options.entry_point->front().empty())
      return tl::unexpected(usage_error("no entry point after --"));
  }
  std::reverse(own.begin(), own.end());  // as CLI11 takes them
  try {
    app.parse(std::move(own));
  } catch (const CLI::CallForHelp&) {
    return CliAnswer{app.help()};
  } catch (const CLI::CallForVersion&) {
    return CliAnswer{std::string("smlaunch ") + SMLAUNCH_VERSION + "\n"};
  } catch (const CLI::ExtrasError& error) {
    return tl::unexpected(extra_error(app.remaining(true), error.what()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(usage_error(error.what()));
  }
  if (dry_run) options.command = Command::dry_run;
  if (!dry_run && std::find(arguments.begin(), separator, "--probe") != separator)
    return tl::unexpected(usage_error("--probe goes only with --dry-run"));
  options.probe = options.probe && dry_run;
  for (const auto& [subcommand, command] : commands) {
    if (!subcommand->parsed()) continue;
    if (std::find(arguments.begin(), separator, "--dry-run") != separator)
      return tl::unexpected(
          usage_error(fmt::format("--dry-run does not go with {}", subcommand->get_name())));
    options.command = command;
  }
  if (options.matrix && options.command != Command::smoke)
    return tl::unexpected(usage_error("--matrix goes only with smoke"));
  for (const auto& [name, option] : adder.options()) {
    if (option->count() == 0) continue;
    const std::string flag = "--" + name;
    const bool on_line = std::any_of(arguments.begin(), separator, [&](const std::string& argument) {
      return argument == flag || argument.starts_with(flag + "=");
    });
    options.sources[name] = on_line ? "option " + flag : "variable " + variable_of(name);
    static constexpr std::array<std::string_view, 8> of_files = {
        "hostfile", "topology", "events", "report", "log-dir", "resource-config", "nccl-lib", "matrix"};
    const auto values = option->results();
    if (std::find(of_files.begin(), of_files.end(), name) != of_files.end() &&
        std::find(values.begin(), values.end(), "") != values.end())
      return tl::unexpected(usage_error(
          fmt::format("{} is empty; name a file or a folder", on_line ? flag : variable_of(name))));
  }
  return options;
}

}  // namespace smlaunch
