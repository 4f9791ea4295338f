// SPDX-License-Identifier: Apache-2.0
// Whole plans, compared with the files of tests/golden/ (its README says what they are).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "base/digest.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/job_hosts.hpp"
#include "launcher/plan/plan_json.hpp"
#include "launcher/plan/render_plan.hpp"
#include "tests/support/source_dir.hpp"
#include "topology/machine_json.hpp"

namespace smlaunch {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path& golden_folder() {
  static const fs::path folder = source_dir() / "tests/golden";
  return folder;
}

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(golden_folder()))
    if (fs::exists(entry.path() / "case.json")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

template <class T>
T value_of(const Result<T>& result) {
  if (result) return *result;
  std::string all;
  for (const Problem& problem : result.error().problems) all += problem.where + ": " + problem.what + "\n";
  throw std::runtime_error(all);
}

// The container moves to where SageMaker has it, whatever folder it was read from.
void move_to_opt_ml(Environment& environment, const fs::path& from) {
  const auto moved = [&](const fs::path& path) {
    const fs::path inside = path.lexically_relative(from);
    if (inside.empty() || inside.native().starts_with("..")) return path;
    return inside == "." ? fs::path("/opt/ml") : "/opt/ml" / inside;
  };
  environment.paths = make_paths("/opt/ml");
  environment.module_dir = moved(environment.module_dir);
  for (auto& [name, path] : environment.channel_input_dirs) path = moved(path);
  environment.entry_point.working_directory = moved(environment.entry_point.working_directory);
}

OpenMpiVersion version_of(const std::string& text) {
  return value_of(parse_open_mpi_version("mpirun (Open MPI) " + text + "\n"));
}

// One case of tests/golden, as smlaunch would read it.
class GoldenCase {
 public:
  explicit GoldenCase(const std::string& name)
      : folder_(golden_folder() / name), settings_(json::parse(read(folder_ / "case.json"))) {}

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] bool compares(const std::string& file) const {
    if (!settings_.contains("compare")) return true;
    const auto& files = settings_["compare"];
    return std::find(files.begin(), files.end(), json(file)) != files.end();
  }

  [[nodiscard]] LaunchPlan plan() const {
    Options options = make_options();
    const Facts facts = make_facts(options);
    const Job begun = value_of(begin_job(options, facts));
    // "smoke": what the all-reduce test is run with, "mpirun" or "nccl"; by default it is off.
    const std::string smoke = settings_.value("smoke", "");
    if (smoke != "nccl" && begun.spec.launcher != LauncherKind::process) {
      options.smoke = smoke == "mpirun" ? SmokeOption::cpu : SmokeOption::off;
      options.sources["smoke"] = "option --smoke";
    }
    options.sources["topology"] = "option --topology";
    for (const std::string& host : hosts_of_plan(*facts.environment, begun.runs_alone))
      options.topology.push_back(host + "=" + machine_name(host));
    return value_of(plan_job(value_of(assemble_job(options, facts))));
  }

 private:
  [[nodiscard]] Options make_options() const {
    Options options;
    options.command = Command::dry_run;
    const auto give = [&](const char* name, auto& option) {
      if (!settings_.contains(name)) return;
      option = settings_[name].get<std::decay_t<decltype(*option)>>();
      std::string flag = name;
      std::replace(flag.begin(), flag.end(), '_', '-');
      options.sources[flag] = "option --" + flag;
    };
    give("hosts", options.hosts);
    give("hostfile", options.hostfile);
    give("current_host", options.current_host);
    give("processes_per_host", options.processes_per_host);
    give("master_port", options.master_port);
    give("entry_point", options.entry_point);
    if (options.hostfile) options.hostfile = folder_ / *options.hostfile;
    std::optional<std::string> launcher;
    give("launcher", launcher);
    if (launcher) options.launcher = *launcher == "ddp" ? LauncherOption::ddp : LauncherOption::mpi;
    return options;
  }

  [[nodiscard]] Facts make_facts(const Options& options) const {
    Facts facts;
    facts.variables = variables();
    NameBook names;
    facts.given_hosts = value_of(read_given_hosts(options, names));
    if (facts.given_hosts) facts.hosts_source = source_of(options, options.hosts ? "hosts" : "hostfile", "");
    facts.environment = std::make_shared<const Environment>(read_job(options, facts.given_hosts));
    facts.python = "/usr/bin/python3";
    facts.smlaunch = "/usr/local/bin/smlaunch";
    const OpenMpiVersion version = version_of(settings_.value("open_mpi", "4.1.4"));
    facts.ask.open_mpi = [version] {
      return FoundOpenMpi{"/usr/bin/mpirun", version,
                          to_string(version) + ", as /usr/bin/mpirun --version says"};
    };
    const bool mpi4py = settings_.value("mpi4py", false);
    facts.ask.has_mpi4py = [mpi4py](const std::string&) { return mpi4py; };
    // No interface is chosen for hosts that are names of one machine.
    facts.ask.addresses = [](const std::vector<std::string>& hosts) {
      return std::vector<std::vector<std::string>>(hosts.size(), {"127.0.0.1"});
    };
    facts.ask.saved_machine = machine_of;
    return facts;
  }

  [[nodiscard]] Variables variables() const {
    Variables all = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/root"}};
    if (settings_.contains("variables"))
      for (const auto& [name, value] : settings_["variables"].items()) all[name] = value.get<std::string>();
    return all;
  }

  [[nodiscard]] std::string machine_name(const std::string& host) const {
    const json& machines = settings_["machines"];
    return machines.contains(host) ? machines[host] : machines["*"];
  }

  static Result<Machine> machine_of(const std::string& name) {
    const fs::path file = golden_folder() / "machines" / (name + ".json");
    return parse_machine_json(read(file), file);
  }

  [[nodiscard]] Environment read_job(const Options& options, const GivenHostSlots& slots) const {
    EnvironmentRequest request;
    request.base_dir = folder_ / "opt-ml";
    request.variables = variables();
    request.working_directory = "/home/user/job";
    if (slots) {
      GivenHosts given;
      for (const HostSlots& host : *slots) given.hosts.push_back(host.name);
      given.current_host = options.current_host.value_or("");
      request.given_hosts = given;
    }
    if (options.entry_point)
      request.given_entry_point = GivenEntryPoint{
          options.entry_point->front(), {options.entry_point->begin() + 1, options.entry_point->end()}};
    Environment environment = value_of(read_environment(request));
    if (!environment.current_host.empty()) {
      const Machine own = value_of(machine_of(machine_name(environment.current_host)));
      request.num_gpus = own.usable_gpus();
      request.num_cpus = own.processing_units;
      environment = value_of(read_environment(request));
    }
    move_to_opt_ml(environment, folder_ / "opt-ml");
    return environment;
  }

  fs::path folder_;
  json settings_;
};

// The first line that is not the same; a whole plan would be too long to read. Empty: none.
std::string first_difference(const std::string& expected, const std::string& actual) {
  if (expected == actual) return "";
  std::istringstream left(expected);
  std::istringstream right(actual);
  std::string wanted;
  std::string line;
  for (int number = 1;; ++number) {
    const bool more_wanted = static_cast<bool>(std::getline(left, wanted));
    const bool more = static_cast<bool>(std::getline(right, line));
    if (more_wanted && more && wanted == line) continue;
    return fmt::format("line {}: '{}' instead of '{}'", number, more ? line : "nothing",
                       more_wanted ? wanted : "nothing");
  }
}

class GoldenPlan : public testing::TestWithParam<std::string> {};

TEST_P(GoldenPlan, IsWhatTheFilesSay) {
  GoldenCase golden(GetParam());
  const LaunchPlan plan = golden.plan();
  const std::pair<std::string, std::string> answers[] = {
      {"plan.json", json::parse(render_plan_json(plan)).dump(1) + "\n"}, {"plan.txt", render_plan(plan)}};
  const bool updates = std::getenv("SMLAUNCH_UPDATE_GOLDEN") != nullptr;
  for (const auto& [name, text] : answers) {
    if (!golden.compares(name)) continue;
    if (updates)
      std::ofstream(golden.folder() / name, std::ios::binary) << text;
    else
      EXPECT_EQ(first_difference(read(golden.folder() / name), text), "") << golden.folder() / name;
  }
  if (updates) GTEST_SKIP() << "SMLAUNCH_UPDATE_GOLDEN is set: the golden plans were rewritten";
}

// What plan_json.hpp promises of the hash, recomputed from what is printed.
TEST_P(GoldenPlan, IsPrintedWithSortedKeysAndWithoutWhiteSpace) {
  const std::string printed = render_plan_json(GoldenCase(GetParam()).plan());
  EXPECT_EQ(printed, json::parse(printed).dump() + "\n");
}

TEST_P(GoldenPlan, HasTheHashOfItsJsonWithoutWhatMayDiffer) {
  json printed = json::parse(render_plan_json(GoldenCase(GetParam()).plan()));
  const std::string hash = printed["hash"];
  for (const char* key : {"hash", "sources", "current_host"}) EXPECT_EQ(printed.erase(key), 1U) << key;
  EXPECT_EQ(hash, sha256_hex(printed.dump()));
}

TEST(GoldenPlans, ShowNoSecret) {
  const LaunchPlan plan = GoldenCase("secret-hyperparameter").plan();
  EXPECT_EQ(plan.environment.at("SM_HP_HF_TOKEN"), "hf_abcdefghijk");
  EXPECT_EQ(plan.environment.at("SM_HP_API_KEY"), "quote\"back\\slash");
  const std::string shown = render_plan_json(plan) + render_plan(plan);
  for (const char* secret : {"quote", "slash", "hf_abcdefghijk", "wJalrXUtnFEMIK7MDENG"})
    EXPECT_EQ(shown.find(secret), std::string::npos) << secret;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Cases, GoldenPlan, testing::ValuesIn(case_names()), test_name);

}  // namespace
}  // namespace smlaunch
