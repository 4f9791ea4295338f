// SPDX-License-Identifier: Apache-2.0
// Whole plans, compared with the files of tests/golden/ (its README says what they are).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "base/digest.hpp"
#include "launcher/plan/plan_json.hpp"
#include "launcher/plan/render_plan.hpp"
#include "mpi/hostfile.hpp"
#include "mpi/shell_words.hpp"
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
      : folder_(golden_folder() / name), settings_(json::parse(read(folder_ / "case.json"))) {
    if (settings_.contains("hosts"))
      slots_ = value_of(parse_host_option(settings_["hosts"].get<std::string>(), "--hosts"));
    if (settings_.contains("hostfile"))
      slots_ = value_of(parse_hostfile(read(folder_ / settings_["hostfile"].get<std::string>()), "hostfile"));
  }

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] bool compares(const std::string& file) const {
    if (!settings_.contains("compare")) return true;
    const auto& files = settings_["compare"];
    return std::find(files.begin(), files.end(), json(file)) != files.end();
  }

  LaunchPlan plan() {
    const Environment environment = read_job();
    JobSpec spec;
    spec.environment = std::make_shared<const Environment>(environment);
    spec.launcher = launcher_;
    spec.python = "/usr/bin/python3";
    spec.mpi4py = settings_.value("mpi4py", false) && spec.launcher == LauncherKind::mpi;
    spec.mpirun = "/usr/bin/mpirun";
    spec.smlaunch = "/usr/local/bin/smlaunch";
    spec.open_mpi = version_of(settings_.value("open_mpi", "4.1.4"));
    spec.mpi_options = value_of(
        split_shell_words(text_parameter(environment, "sagemaker_mpi_custom_mpi_options").value_or("")));
    if (slots_.empty()) spec.network_interface = environment.network_interface;
    if (settings_.contains("master_port")) spec.master_port = settings_["master_port"].get<int>();
    if (const auto processes = integer_parameter(environment, "sagemaker_mpi_num_processes"))
      spec.world_size = static_cast<int>(*processes);
    spec.inherited = variables();
    spec.sources = {{"launcher", source_}};
    // "smoke": what the all-reduce test could be run with, "mpirun" or "nccl"; by default it is off.
    spec.smoke.has_mpirun = settings_.value("smoke", "") == "mpirun";
    spec.smoke.has_nccl_check = settings_.value("smoke", "") == "nccl";
    LaunchPlan plan = value_of(make_plan(spec, cluster(environment)));
    plan.hash = plan_hash(plan);
    return plan;
  }

 private:
  [[nodiscard]] Variables variables() const {
    Variables all = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/root"}};
    if (settings_.contains("variables"))
      for (const auto& [name, value] : settings_["variables"].items()) all[name] = value.get<std::string>();
    return all;
  }

  [[nodiscard]] std::shared_ptr<const Machine> machine_of(const std::string& host) {
    const json& machines = settings_["machines"];
    const std::string name = machines.contains(host) ? machines[host] : machines["*"];
    auto& machine = machines_[name];
    if (!machine) {
      const fs::path file = golden_folder() / "machines" / (name + ".json");
      machine = std::make_shared<const Machine>(value_of(parse_machine_json(read(file), file)));
    }
    return machine;
  }

  Environment read_job() {
    EnvironmentRequest request;
    request.base_dir = folder_ / "opt-ml";
    request.variables = variables();
    request.working_directory = "/home/user/job";
    if (!slots_.empty()) {
      GivenHosts given;
      for (const HostSlots& host : slots_) given.hosts.push_back(host.name);
      given.current_host = settings_.value("current_host", "");
      request.given_hosts = given;
    }
    if (settings_.contains("entry_point")) {
      auto words = settings_["entry_point"].get<std::vector<std::string>>();
      request.given_entry_point = GivenEntryPoint{words.front(), {words.begin() + 1, words.end()}};
    }
    Environment environment = value_of(read_environment(request));
    if (!environment.current_host.empty()) {
      const auto own = machine_of(environment.current_host);
      request.num_gpus = own->usable_gpus();
      request.num_cpus = own->processing_units;
      environment = value_of(read_environment(request));
    }
    move_to_opt_ml(environment, folder_ / "opt-ml");
    const LauncherChoice choice = choose_launcher(environment);
    launcher_ = choice.kind;
    source_ = choice.source;
    if (!settings_.contains("launcher")) return environment;
    source_ = "option --launcher";
    launcher_ = settings_["launcher"] == "ddp" ? LauncherKind::ddp : LauncherKind::mpi;
    return environment;
  }

  Cluster cluster(const Environment& environment) {
    std::vector<std::string> names = environment.distribution_hosts;
    if (launcher_ == LauncherKind::process) names = {environment.current_host};
    const auto leader = std::find(names.begin(), names.end(), environment.leader);
    if (leader != names.end()) std::rotate(names.begin(), leader, leader + 1);
    const auto each = integer_parameter(environment, "sagemaker_mpi_num_of_processes_per_host");
    Cluster cluster;
    for (const std::string& name : names) {
      Host host;
      host.name = name;
      host.machine = machine_of(name);
      host.source = TopologySource::file;
      host.ranks = std::max(1, host.machine->usable_gpus());
      for (const HostSlots& slots : slots_)
        if (slots.name == name && slots.slots) host.ranks = *slots.slots;
      if (each) host.ranks = static_cast<int>(*each);
      if (launcher_ == LauncherKind::process) host.ranks = 1;
      for (const InstanceGroup& group : environment.instance_groups) {
        if (std::find(group.hosts.begin(), group.hosts.end(), name) == group.hosts.end()) continue;
        host.group = group.name;
        host.instance_type = group.instance_type;
      }
      cluster.hosts.push_back(host);
    }
    return cluster;
  }

  fs::path folder_;
  json settings_;
  std::vector<HostSlots> slots_;
  std::map<std::string, std::shared_ptr<const Machine>> machines_;
  LauncherKind launcher_ = LauncherKind::process;
  std::string source_;
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
