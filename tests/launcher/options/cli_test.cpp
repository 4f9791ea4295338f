// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/cli.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include "launcher/options/help.hpp"
#include "launcher/options/matters.hpp"

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

// Variables of smlaunch that the test's own environment has are no part of it.
class Cli : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }

  static void set(const std::string& variable, const std::string& value) {
    setenv(variable.c_str(), value.c_str(), 1);
  }

  static void clear() {
    Strings names;
    for (char** entry = environ; *entry != nullptr; ++entry)
      if (std::string(*entry).starts_with("SMLAUNCH_"))
        names.push_back(std::string(*entry).substr(0, std::string(*entry).find('=')));
    for (const std::string& name : names) unsetenv(name.c_str());
  }

  static Options parsed(const Strings& arguments) {
    auto result = parse_cli(arguments);
    if (!result) {
      ADD_FAILURE() << result.error().problems.front().what;
      return {};
    }
    if (const auto* options = std::get_if<Options>(&*result)) return *options;
    ADD_FAILURE() << "an answer: " << std::get<CliAnswer>(*result).text;
    return {};
  }

  static std::string remedy_of(const Strings& arguments) {
    const auto result = parse_cli(arguments);
    return result ? "none is needed" : result.error().problems.front().remedy;
  }
  static void refused(const Strings& arguments, const std::string& what) {
    const auto result = parse_cli(arguments);
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error(),
              (Error{Fault::usage, {{"command line", what, "smlaunch --help-all lists all options"}}}));
    EXPECT_EQ(what.find('\n'), std::string::npos);
  }
};

struct OptionCase {
  const char* name;
  const char* value;
  std::function<bool(const Options&)> holds;  // and does not for a default Options
};
const OptionCase option_cases[] = {
    {"base-dir", "/x", [](const Options& o) { return o.base_dir == "/x"; }},
    {"resource-config", "/x", [](const Options& o) { return o.resource_config == "/x"; }},
    {"hosts", "a:8,b:8", [](const Options& o) { return o.hosts == "a:8,b:8"; }},
    {"hostfile", "/x", [](const Options& o) { return o.hostfile == "/x"; }},
    {"scheduler", "mpi-operator",
     [](const Options& o) { return o.scheduler == SchedulerOption::mpi_operator; }},
    {"exclude", "gn[1-2]", [](const Options& o) { return o.exclude == "gn[1-2]"; }},
    {"exclude-file", "/x", [](const Options& o) { return o.exclude_file == "/x"; }},
    {"current-host", "a", [](const Options& o) { return o.current_host == "a"; }},
    {"launcher", "torchrun", [](const Options& o) { return o.launcher == LauncherOption::torchrun; }},
    {"framework-module", "run",
     [](const Options& o) { return o.framework_module == FrameworkModuleOption::run; }},
    {"processes-per-host", "8", [](const Options& o) { return o.processes_per_host == 8; }},
    {"python", "/x", [](const Options& o) { return o.python == "/x"; }},
    {"mpi-options", "-x A=1", [](const Options& o) { return o.mpi_options == "-x A=1"; }},
    {"gpus-per-host", "0", [](const Options& o) { return o.gpus_per_host == 0; }},
    {"topology", "algo-1=/x,y", [](const Options& o) { return o.topology == Strings{"algo-1=/x,y"}; }},
    {"bind", "numa", [](const Options& o) { return o.bind == BindPolicy::numa; }},
    {"ready-timeout", "1.5", [](const Options& o) { return o.ready_timeout == 1.5; }},
    {"ssh-port", "2222", [](const Options& o) { return o.ssh_port == 2222; }},
    {"smoke", "cpu", [](const Options& o) { return o.smoke == SmokeOption::cpu; }},
    {"smoke-bytes", "4096", [](const Options& o) { return o.smoke_bytes == 4096; }},
    {"smoke-timeout", "7", [](const Options& o) { return o.smoke_timeout == 7; }},
    {"min-busbw", "300", [](const Options& o) { return o.min_busbw == 300; }},
    {"nccl-lib", "/x/libnccl.so.2", [](const Options& o) { return o.nccl_lib == "/x/libnccl.so.2"; }},
    {"inject", "hang:rank=3", [](const Options& o) { return o.inject == "hang:rank=3"; }},
    {"failure-grace", "0.5", [](const Options& o) { return o.failure_grace == 0.5; }},
    {"stop-grace", "0", [](const Options& o) { return o.stop_grace == 0; }},
    {"leftover-grace", "20", [](const Options& o) { return o.leftover_grace == 20; }},
    {"upload-timeout", "60", [](const Options& o) { return o.upload_timeout == 60; }},
    {"lost-after", "3", [](const Options& o) { return o.lost_after == 3; }},
    {"leader-wait", "30", [](const Options& o) { return o.leader_wait == 30; }},
    {"hang-timeout", "600", [](const Options& o) { return o.hang_timeout == 600; }},
    {"restart-on", "user_code,hang", [](const Options& o) { return o.restart_on == "user_code,hang"; }},
    {"host-check", "nvidia-smi -L", [](const Options& o) { return o.host_check == "nvidia-smi -L"; }},
    {"check-path", "/x,y", [](const Options& o) { return o.check_path == Strings{"/x,y"}; }},
    {"gpu-memory-wait", "5", [](const Options& o) { return o.gpu_memory_wait == 5; }},
    {"min-hosts", "3", [](const Options& o) { return o.min_hosts == 3; }},
    {"start-timeout", "1800", [](const Options& o) { return o.start_timeout == 1800; }},
    {"progress", "step (?P<step>[0-9]+)",
     [](const Options& o) { return o.progress == "step (?P<step>[0-9]+)"; }},
    {"flight-recorder", "off",
     [](const Options& o) { return o.flight_recorder == FlightRecorderOption::off; }},
    {"master-port", "29500", [](const Options& o) { return o.master_port == 29500; }},
    {"channel-port", "65535", [](const Options& o) { return o.channel_port == 65535; }},
    {"log-dir", "/x", [](const Options& o) { return o.log_dir == "/x"; }},
    {"events", "/x", [](const Options& o) { return o.events == "/x"; }},
    {"report", "/x", [](const Options& o) { return o.report == "/x"; }},
    {"metrics", "/x", [](const Options& o) { return o.metrics == "/x"; }},
    {"trace", "/x", [](const Options& o) { return o.trace == "/x"; }},
    {"html-report", "never", [](const Options& o) { return o.html_report == HtmlReportOption::never; }},
    {"format", "json", [](const Options& o) { return o.format == Format::json; }},
    {"color", "never", [](const Options& o) { return o.color == ColorOption::never; }},
};

std::string variable_of(std::string name) {
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "SMLAUNCH_" + name;
}

TEST_F(Cli, DefaultsAreThoseOfTheContract) {
  const Options options = parsed({});
  EXPECT_EQ(options.command, Command::run);
  EXPECT_EQ(options.launcher, LauncherOption::automatic);
  EXPECT_EQ(options.bind, BindPolicy::automatic);
  EXPECT_EQ(options.ready_timeout, 3600);
  EXPECT_EQ(options.ssh_port, 22);
  EXPECT_EQ(options.smoke, SmokeOption::automatic);
  EXPECT_EQ(options.smoke_bytes, 67108864);
  EXPECT_EQ(options.smoke_timeout, 120);
  EXPECT_EQ(options.failure_grace, 5);
  EXPECT_EQ(options.stop_grace, 110);
  EXPECT_EQ(options.leftover_grace, 0);
  EXPECT_EQ(options.lost_after, 10);
  EXPECT_EQ(options.leader_wait, 600);
  EXPECT_EQ(options.format, Format::text);
  EXPECT_EQ(options.color, ColorOption::automatic);
  EXPECT_FALSE(options.require_gpu);
  EXPECT_FALSE(options.quiet);
  EXPECT_FALSE(options.verbose);
  EXPECT_FALSE(options.entry_point);
  EXPECT_TRUE(options.sources.empty());
  for (const OptionCase& each : option_cases) EXPECT_FALSE(each.holds(options)) << each.name;
}

TEST_F(Cli, TakesEveryOptionInBothForms) {
  for (const OptionCase& each : option_cases) {
    const std::string flag = std::string("--") + each.name;
    for (const Options& options : {parsed({flag + "=" + each.value}), parsed({flag, each.value})}) {
      EXPECT_TRUE(each.holds(options)) << flag;
      EXPECT_EQ(options.sources, (std::map<std::string, std::string>{{each.name, "option " + flag}}));
    }
  }
}

TEST_F(Cli, TakesEveryOptionFromItsVariable) {
  for (const OptionCase& each : option_cases) {
    clear();
    set(variable_of(each.name), each.value);
    const Options options = parsed({});
    EXPECT_TRUE(each.holds(options)) << each.name;
    EXPECT_EQ(options.sources,
              (std::map<std::string, std::string>{{each.name, "variable " + variable_of(each.name)}}));
  }
}

TEST_F(Cli, OptionsWinOverVariables) {
  set("SMLAUNCH_PROCESSES_PER_HOST", "4");
  set("SMLAUNCH_LAUNCHER", "mpi");
  set("SMLAUNCH_TOPOLOGY", "/from/variable");
  const Options options = parsed({"--processes-per-host", "8", "--topology=/from/option"});
  EXPECT_EQ(options.processes_per_host, 8);
  EXPECT_EQ(options.launcher, LauncherOption::mpi);
  EXPECT_EQ(options.topology, Strings{"/from/option"});
  EXPECT_EQ(options.sources,
            (std::map<std::string, std::string>{{"processes-per-host", "option --processes-per-host"},
                                                {"launcher", "variable SMLAUNCH_LAUNCHER"},
                                                {"topology", "option --topology"}}));
}

TEST_F(Cli, TheLastOfARepeatedOptionWinsButTopologiesAddUp) {
  EXPECT_EQ(parsed({"--bind", "gpu", "--bind", "none"}).bind, BindPolicy::none);
  EXPECT_EQ(parsed({"--processes-per-host=2", "--processes-per-host=3"}).processes_per_host, 3);
  EXPECT_EQ(parsed({"--topology", "a=1.xml", "--topology", "b=2.xml"}).topology,
            (Strings{"a=1.xml", "b=2.xml"}));
}

TEST_F(Cli, KnowsEveryWordOfAChoice) {
  const std::pair<const char*, LauncherOption> launchers[] = {
      {"auto", LauncherOption::automatic},    {"process", LauncherOption::process},
      {"mpi", LauncherOption::mpi},           {"ddp", LauncherOption::ddp},
      {"torchrun", LauncherOption::torchrun}, {"xla", LauncherOption::xla},
      {"smddp", LauncherOption::smddp}};
  for (const auto& [word, value] : launchers) EXPECT_EQ(parsed({"--launcher", word}).launcher, value);
  const std::pair<const char*, BindPolicy> binds[] = {{"auto", BindPolicy::automatic},
                                                      {"gpu", BindPolicy::gpu},
                                                      {"numa", BindPolicy::numa},
                                                      {"core", BindPolicy::core},
                                                      {"none", BindPolicy::none}};
  for (const auto& [word, value] : binds) EXPECT_EQ(parsed({"--bind", word}).bind, value);
  const std::pair<const char*, SmokeOption> smokes[] = {{"auto", SmokeOption::automatic},
                                                        {"nccl", SmokeOption::nccl},
                                                        {"cpu", SmokeOption::cpu},
                                                        {"off", SmokeOption::off}};
  for (const auto& [word, value] : smokes) EXPECT_EQ(parsed({"--smoke", word}).smoke, value);
}

TEST_F(Cli, Flags) {
  EXPECT_TRUE(parsed({"--require-gpu"}).require_gpu);
  EXPECT_TRUE(parsed({"-q"}).quiet);
  EXPECT_TRUE(parsed({"-v"}).verbose);
  EXPECT_EQ(parsed({"--dry-run"}).command, Command::dry_run);
}

TEST_F(Cli, SubcommandsTakeOptionsOnBothSides) {
  const std::pair<const char*, Command> commands[] = {{"topology", Command::topology},
                                                      {"ready", Command::ready},
                                                      {"smoke", Command::smoke},
                                                      {"env", Command::env}};
  for (const auto& [word, command] : commands) {
    EXPECT_EQ(parsed({word}).command, command);
    for (const Options& options : {parsed({word, "--format", "json"}), parsed({"--format", "json", word})}) {
      EXPECT_EQ(options.command, command);
      EXPECT_EQ(options.format, Format::json);
    }
    refused({"--dry-run", word}, fmt::format("--dry-run does not go with {}", word));
  }
  EXPECT_EQ(parsed({"env", "--", "train.py"}).entry_point, Strings{"train.py"});
}

TEST_F(Cli, AllAfterTheDashesIsTheEntryPoint) {
  const Options options = parsed({"--dry-run", "--", "train.py", "--hosts", "a", "--", "", "-q", "env"});
  EXPECT_EQ(options.entry_point, (Strings{"train.py", "--hosts", "a", "--", "", "-q", "env"}));
  EXPECT_EQ(options.command, Command::dry_run);
  EXPECT_FALSE(options.hosts);
  EXPECT_FALSE(options.quiet);
  EXPECT_TRUE(options.sources.empty());
  EXPECT_EQ(parsed({"--", "--help"}).entry_point, Strings{"--help"});
  refused({"--"}, "no entry point after --");
}

TEST_F(Cli, AValueMayBeginWithADash) {
  EXPECT_EQ(parsed({"--mpi-options", "-x A=1"}).mpi_options, "-x A=1");
  EXPECT_EQ(parsed({"--mpi-options=-x A=1 --mca b \"c d\""}).mpi_options, "-x A=1 --mca b \"c d\"");
  EXPECT_EQ(parsed({"--mpi-options", "--verbose -x NCCL_DEBUG"}).mpi_options, "--verbose -x NCCL_DEBUG");
}

TEST_F(Cli, TextsAreTakenAsTheyAre) {
  for (const char* text : {"[a,b]", "a b", "#x", "\"quoted\"", "x=y", "{}", "č"})
    for (const char* option : {"--base-dir", "--hosts", "--mpi-options", "--python"}) {
      const Options options = parsed({option, text});
      EXPECT_TRUE(options.base_dir == text || options.hosts == text || options.mpi_options == text ||
                  options.python == text)
          << option << " " << text;
    }
}

TEST_F(Cli, AProgramOfPythonsThatComesFirstNeedsNoSeparator) {
  const Options options = parsed({"train.py", "--hosts", "a", "--", "-x"});
  EXPECT_EQ(*options.entry_point, (std::vector<std::string>{"train.py", "--hosts", "a", "--", "-x"}));
  EXPECT_FALSE(options.hosts);
  EXPECT_EQ(*parsed({"--hosts", "a", "--", "train.py"}).entry_point, (std::vector<std::string>{"train.py"}));
}

TEST_F(Cli, SaysWhatStandsForOptionsOfMpirunAndTorchrun) {
  for (const char* word : {"-np", "-n", "-N", "--nproc_per_node"}) {
    EXPECT_EQ(parse_cli({word, "4", "train.py"}).error().problems.front().what,
              fmt::format("{} is no option of smlaunch", word));
    EXPECT_EQ(remedy_of({word, "4", "train.py"}), "say how many ranks each host has: --processes-per-host N");
  }
  EXPECT_EQ(remedy_of({"-H", "a:2"}), "name the hosts, each with its slots: --hosts a:8,b:8");
  EXPECT_EQ(remedy_of({"--nproc-per-node=4"}), "say how many ranks each host has: --processes-per-host N");
  EXPECT_EQ(remedy_of({"-x", "A=1"}), "hand it to mpirun: --mpi-options '-x NAME -mca PARAMETER VALUE'");
  EXPECT_EQ(remedy_of({"--nonsense"}), "smlaunch --help-all lists all options");
}

TEST_F(Cli, RefusesWithOneClearLine) {
  refused({"--launcher", "nope"}, "--launcher: \"nope\" is none of auto|process|mpi|ddp|torchrun|xla|smddp");
  refused({"--launcher", "MPI"}, "--launcher: \"MPI\" is none of auto|process|mpi|ddp|torchrun|xla|smddp");
  refused({"--bind", ""}, "--bind: \"\" is none of auto|gpu|numa|core|none");
  refused({"--smoke=on"}, "--smoke: \"on\" is none of auto|nccl|cpu|off");
  refused({"--format", "yaml"}, "--format: \"yaml\" is none of text|json|shell|svg");
  refused({"--color", "yes"}, "--color: \"yes\" is none of auto|always|never");
  refused({"--processes-per-host", "many"}, "--processes-per-host: \"many\" is no number");
  refused({"--processes-per-host", "0"}, "--processes-per-host: 0 is not between 1 and 65536");
  refused({"--processes-per-host", "-1"}, "--processes-per-host: -1 is not between 1 and 65536");
  refused({"--processes-per-host", ""}, "--processes-per-host: \"\" is no number");
  refused({"--processes-per-host", "8x"}, "--processes-per-host: \"8x\" is no number");
  refused({"--processes-per-host", "0x4"}, "--processes-per-host: \"0x4\" is no number");
  refused({"--processes-per-host", "4.5"}, "--processes-per-host: \"4.5\" is no whole number");
  refused({"--gpus-per-host", "1025"}, "--gpus-per-host: 1025 is not between 0 and 1024");
  refused({"--ssh-port", "65536"}, "--ssh-port: 65536 is not between 1 and 65535");
  refused({"--stop-grace", "nan"}, "--stop-grace: \"nan\" is no number");
  refused({"--stop-grace", "inf"}, "--stop-grace: \"inf\" is no number");
  refused({"--smoke-bytes", "4"}, "--smoke-bytes: 4 is not between 8 and 1000000000000");
}

TEST_F(Cli, ReadsNumbersAsPeopleDo) {
  EXPECT_EQ(parsed({"--processes-per-host", "010"}).processes_per_host, 10);
  EXPECT_EQ(parsed({"--processes-per-host", "+4"}).processes_per_host, 4);
  EXPECT_EQ(parsed({"--smoke-bytes", "1e9"}).smoke_bytes, 1'000'000'000);
  EXPECT_EQ(parsed({"--stop-grace", ".5"}).stop_grace, 0.5);
}

TEST_F(Cli, FlagsHaveVariablesToo) {
  set("SMLAUNCH_DRY_RUN", "1");
  set("SMLAUNCH_QUIET", "true");
  set("SMLAUNCH_VERBOSE", "0");
  const Options options = parsed({});
  EXPECT_EQ(options.command, Command::dry_run);
  EXPECT_TRUE(options.quiet);
  EXPECT_FALSE(options.verbose);
  EXPECT_EQ(parsed({"topology"}).command, Command::topology);
}

TEST_F(Cli, NoTwoOptionsHaveOneName) {
  const auto all = parse_cli({"--help-all"});
  ASSERT_TRUE(all);
  std::set<std::string> names;
  std::istringstream lines(std::get<CliAnswer>(*all).text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  -")) continue;
    EXPECT_TRUE(names.insert(line.substr(0, line.find_first_of(" ,", 2))).second) << line;
  }
  EXPECT_GT(names.size(), 60U);
}

TEST_F(Cli, LettersMayStandTogether) {
  const Options options = parsed({"-qv", "--dry-run"});
  EXPECT_TRUE(options.quiet);
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(options.command, Command::dry_run);
}

TEST_F(Cli, RefusesFractionsOfWholeThings) {
  for (const char* option :
       {"--processes-per-host", "--gpus-per-host", "--ssh-port", "--master-port", "--smoke-bytes"}) {
    const auto result = parse_cli({option, "8.5"});
    ASSERT_FALSE(result) << option;
    EXPECT_EQ(result.error().fault, Fault::usage);
    ASSERT_EQ(result.error().problems.size(), 1U);
    EXPECT_NE(result.error().problems.front().what.find(option), std::string::npos);
  }
}

TEST_F(Cli, AMistakeInAVariableIsRefused) {
  set("SMLAUNCH_LAUNCHER", "nope");
  const auto result = parse_cli({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::usage);
  EXPECT_NE(result.error().problems.front().what.find(
                "\"nope\" is none of auto|process|mpi|ddp|torchrun|xla|smddp"),
            std::string::npos);
}

TEST_F(Cli, APictureOfPairsIsOfTheSmokeTestAlone) {
  EXPECT_EQ(parsed({"smoke", "--matrix", "pairs.svg"}).matrix, "pairs.svg");
  const auto result = parse_cli({"--matrix", "pairs.svg"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().problems.front().what, "--matrix goes only with smoke");
}

TEST_F(Cli, HelpAndVersionAreAnswers) {
  auto result = parse_cli({"--version"});
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<CliAnswer>(*result).text, std::string("smlaunch ") + SMLAUNCH_VERSION + "\n");
  result = parse_cli({"--help-all"});
  ASSERT_TRUE(result);
  const std::string& help = std::get<CliAnswer>(*result).text;
  for (const OptionCase& each : option_cases)
    EXPECT_NE(help.find(std::string("--") + each.name + " "), std::string::npos) << each.name;
  for (const char* word : {"--dry-run", "--require-gpu", "topology", "ready", "smoke", "env", "exit code"})
    EXPECT_NE(help.find(word), std::string::npos) << word;
}

// Lines of a text, and the widest.
std::pair<std::size_t, std::size_t> size_of(const std::string& text) {
  std::size_t lines = 0;
  std::size_t widest = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    widest = std::max(widest, end - at);
    at = end + 1;
  }
  return {lines, widest};
}

std::string answer_to(const Strings& arguments) {
  auto result = parse_cli(arguments);
  const CliAnswer* answer = result ? std::get_if<CliAnswer>(&*result) : nullptr;
  return answer == nullptr ? "no answer" : answer->text;
}

TEST_F(Cli, HelpFitsAScreenAndShowsTenOptions) {
  for (const Strings& line :
       {Strings{"--help"}, Strings{"-h"}, Strings{"--hosts", "a", "--help", "--", "x"}}) {
    const std::string help = answer_to(line);
    const auto [lines, widest] = size_of(help);
    EXPECT_LE(lines, 24U);
    EXPECT_LE(widest, 80U);
    std::size_t options = 0;
    for (std::size_t at = help.find("\n  --"); at != std::string::npos; at = help.find("\n  --", at + 1))
      ++options;
    EXPECT_EQ(options, 10U) << help;
  }
}

TEST_F(Cli, EveryMatterIsExplainedWithItsOptionsAndEveryOptionBelongsToOne) {
  std::string all;
  for (const Matter& matter : all_matters()) {
    const std::string text = answer_to({"help", matter.word});
    EXPECT_TRUE(text.starts_with(matter.word + ": " + matter.title)) << text;
    EXPECT_LE(size_of(text).second, 80U) << text;
    EXPECT_NE(answer_to({"help"}).find("  " + matter.word + " "), std::string::npos);
    EXPECT_NE(answer_to({"--help"}).find(matter.word), std::string::npos);
    all += text;
  }
  for (const OptionCase& each : option_cases)
    EXPECT_NE(all.find(std::string("  --") + each.name + " "), std::string::npos) << each.name;
  EXPECT_EQ(answer_to({"smoke", "--help"}), answer_to({"help", "smoke"}));
  EXPECT_EQ(answer_to({"ready", "--help"}), answer_to({"help", "hosts"}));
  EXPECT_EQ(answer_to({"--color", "never", "help", "hosts"}), answer_to({"help", "hosts"}));
}

TEST_F(Cli, TheManualAndCompletionsNameEveryOptionCommandAndChoice) {
  for (const char* form : {"man", "markdown", "bash", "zsh", "fish"}) {
    std::string text = answer_to({"help", form});
    std::erase(text, '\\');
    for (const OptionCase& each : option_cases) {
      const std::string word = (std::string(form) == "fish" ? " -l " : "--") + std::string(each.name);
      EXPECT_NE(text.find(word), std::string::npos) << form << " " << each.name;
    }
    for (const char* word : {"topology", "doctor", "require-gpu", "torchrun"})
      EXPECT_NE(text.find(word), std::string::npos) << form << " " << word;
  }
}

TEST_F(Cli, ReportTakesOneFolderOrFileAmongItsOptions) {
  const Options options = parsed({"report", "--events", "e", "/opt/ml", "--html", "page.html"});
  EXPECT_EQ(options.command, Command::report);
  EXPECT_EQ(options.operand, "/opt/ml");
  EXPECT_EQ(options.html, "page.html");
  EXPECT_EQ(parsed({"report"}).operand, std::nullopt);
  EXPECT_FALSE(parse_cli({"report", "a", "b"}));
  EXPECT_FALSE(parse_cli({"topology", "a"}));
  EXPECT_FALSE(parse_cli({"--html", "page.html", "train.py"}));
}

TEST_F(Cli, StatusTakesOneJob) {
  const Options options = parsed({"status", "4711", "--stacks", "--format", "json"});
  EXPECT_EQ(options.command, Command::status);
  EXPECT_EQ(options.operand, "4711");
  EXPECT_TRUE(options.stacks);
  EXPECT_EQ(parsed({"status"}).operand, std::nullopt);
  EXPECT_FALSE(parsed({"status"}).stacks);
  EXPECT_FALSE(parse_cli({"status", "1", "2"}));
}

TEST_F(Cli, WhatHelpDoesNotKnowIsSaid) {
  const std::pair<Strings, Problem> cases[] = {
      {{"help", "host"},
       {"smlaunch help", "\"host\" is no matter that it explains", "did you mean smlaunch help hosts?"}},
      {{"help", "a", "b"},
       {"command line", "help takes one MATTER", "smlaunch --help-all lists all options"}}};
  for (const auto& [line, problem] : cases) {
    const auto result = parse_cli(line);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), (Error{Fault::usage, {problem}}));
  }
}

TEST_F(Cli, AWordThatEndsInPyIsTheProgramWithAllBehindIt) {
  const std::pair<Strings, Strings> cases[] = {
      {{"train.py"}, {"train.py"}},
      {{"train.py", "--lr", "0.1", "--help"}, {"train.py", "--lr", "0.1", "--help"}},
      {{"--hosts", "a:8", "-q", "train.py", "--", "-v"}, {"train.py", "--", "-v"}},
      {{"--hosts=a:8", "dir/train.py", "--bind", "nonsense"}, {"dir/train.py", "--bind", "nonsense"}},
      {{"--dry-run", "a.py", "b.py"}, {"a.py", "b.py"}},
      {{"smoke", "train.py", "env"}, {"train.py", "env"}}};
  for (const auto& [line, program] : cases) EXPECT_EQ(parsed(line).entry_point, program);
  EXPECT_EQ(parsed({"--python", "train.py"}).entry_point, std::nullopt);
  EXPECT_EQ(parsed({"--python", "x.py", "y.py"}).python, "x.py");
  EXPECT_EQ(parsed({"--", "./simulate", "a.py"}).entry_point, (Strings{"./simulate", "a.py"}));
}

TEST_F(Cli, WhatIsNotKnownIsSaidWithWhatMayBeMeant) {
  constexpr const char* more = "smlaunch --help-all lists all options";
  const std::tuple<Strings, std::string, std::string> cases[] = {
      {{"--nonsense"}, "--nonsense is no option of smlaunch", more},
      {{"--hosst=a", "x.py"},
       "--hosst is no option of smlaunch",
       fmt::format("did you mean --hosts? {}", more)},
      {{"--smok", "off"}, "--smok is no option of smlaunch", fmt::format("did you mean --smoke? {}", more)},
      {{"-hostfile", "f"},
       "-hostfile is no option of smlaunch",
       fmt::format("did you mean --hostfile? {}", more)},
      {{"-m", "pkg.train"},
       "-m is no option of smlaunch",
       "a module stands behind --: smlaunch OPTION... -- -m MODULE"},
      {{"topolgy"}, "\"topolgy\" is no command of smlaunch, and no .py", "did you mean smlaunch topology?"},
      {{"./simulate", "x"},
       "\"./simulate\" is no command of smlaunch, and no .py",
       "a program and its arguments stand behind --: smlaunch OPTION... -- ./simulate"},
      {{"env", "ready"}, "\"ready\" is no command of smlaunch, and no .py", "did you mean smlaunch ready?"}};
  for (const auto& [line, what, remedy] : cases) {
    const auto result = parse_cli(line);
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error(), (Error{Fault::usage, {{"command line", what, remedy}}}));
  }
}

TEST(ArgumentsOf, LeaveOutTheNameAndSageMakersWordBehindIt) {
  const std::pair<Strings, Strings> cases[] = {{{}, {}},
                                               {{"smlaunch"}, {}},
                                               {{"train"}, {}},
                                               {{"train", "train"}, {}},
                                               {{"/usr/bin/train", "train", "--quiet"}, {"--quiet"}},
                                               {{"train", "--quiet", "train"}, {"--quiet", "train"}},
                                               {{"train", "train", "train"}, {"train"}},
                                               {{"train", "serve"}, {"serve"}},
                                               {{"smlaunch", "train"}, {"train"}},
                                               {{"retrain", "train"}, {"train"}}};
  for (const auto& [line, arguments] : cases) EXPECT_EQ(arguments_of(line), arguments);
}

TEST(ArgumentsOf, TrainIsAName) {
  for (const char* name : {"train", "/usr/bin/train"}) EXPECT_TRUE(is_called_train({name})) << name;
  for (const char* name : {"smlaunch", "retrain", "train.py"}) EXPECT_FALSE(is_called_train({name})) << name;
  EXPECT_FALSE(is_called_train({}));
}

TEST(NoJob, IsExplainedInTenLines) {
  const std::string text = render_no_job();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_TRUE(text.starts_with("smlaunch: there is no job here"));
}

}  // namespace
}  // namespace smlaunch
