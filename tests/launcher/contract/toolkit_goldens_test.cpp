// SPDX-License-Identifier: Apache-2.0
// Recorded answers of the SageMaker Training Toolkit.
#include <gtest/gtest.h>

#include <algorithm>

#include "launcher/contract/python_value.hpp"
#include "tests/launcher/contract/support.hpp"
#include "tests/support/source_dir.hpp"

namespace smlaunch {
namespace {

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string text_of(const PyValue& value, const std::string& base) {
  return replace_all(*value.string(), "${BASE}", base);
}

std::vector<std::string> texts_of(const PyValue& value, const std::string& base) {
  std::vector<std::string> texts;
  for (const PyValue& entry : *value.list())
    texts.push_back(replace_all(text_of(entry, base), "${PYTHON}", "PYTHON"));
  return texts;
}

std::string toolkit_kind(EntryPointKind kind) {
  if (kind == EntryPointKind::python_package) return "PYTHON_PACKAGE";
  return kind == EntryPointKind::python_program ? "PYTHON_PROGRAM" : "COMMAND";
}

// The toolkit hands Python `-m pkg/train`, which is no module: ours is pkg.train.
std::vector<std::string> with_modules(std::vector<std::string> command) {
  for (std::size_t i = 1; i < command.size(); ++i)
    if (command[i - 1] == "-m" && command[i].find(' ') == std::string::npos)
      std::replace(command[i].begin(), command[i].end(), '/', '.');
  return command;
}

// The end of the toolkit's mpirun line for a Python entry point.
void check_mpirun(const PyValue& expected, const EntryPoint& entry_point, const std::string& base) {
  const std::vector<std::string> ours = process_command(entry_point, "PYTHON", true);
  std::vector<std::string> theirs = with_modules(texts_of(expected, base));
  ASSERT_GE(theirs.size(), ours.size());
  theirs.erase(theirs.begin(), theirs.end() - static_cast<std::ptrdiff_t>(ours.size()));
  EXPECT_EQ(ours, theirs);
}

void check(const PyValue& golden) {
  Container container("", "");
  const std::string base = container.path().native();
  for (const auto& [name, text] : *golden.find("code")->dict())
    container.write("code/" + name, *text.string());
  for (const auto& [name, value] : *golden.find("config")->dict()) {
    container.write("input/config/" + name + ".json", python_json_dumps(value));
  }
  for (const auto& [name, value] : *golden.find("environ")->dict()) {
    container.request.variables[name] = *value.string();
  }
  container.request.num_gpus = std::stoi(std::get<PyInt>(golden.find("gpus")->data).digits);
  const Environment environment = container.environment();

  const PyValue& expected = *golden.find("expect");
  const Variables variables = sm_variables(environment);
  Variables wanted;
  for (const auto& [name, value] : *expected.find("env")->dict()) wanted[name] = text_of(value, base);
  EXPECT_EQ(variables, wanted);

  EXPECT_EQ(environment.entry_point.arguments, texts_of(*expected.find("args"), base));
  EXPECT_EQ(environment.distribution_hosts, texts_of(*expected.find("distribution_hosts"), base));
  EXPECT_EQ(environment.leader, text_of(*expected.find("master"), base));
  EXPECT_EQ(environment.module_dir, text_of(*expected.find("module_dir"), base));
  EXPECT_EQ(environment.is_leader, std::get<bool>(expected.find("is_master")->data));
  EXPECT_EQ(to_string(choose_launcher(environment).kind), *expected.find("runner")->string());

  const PyValue* kind = expected.find("entry_point_type");
  if (kind == nullptr) {
    EXPECT_FALSE(environment.user_entry_point) << "nothing is recorded of a program";
    EXPECT_FALSE(require_entry_point(environment));
    return;
  }
  ASSERT_TRUE(environment.user_entry_point);
  const EntryPoint entry_point = probe_entry_point(environment.paths.code, *environment.user_entry_point,
                                                   environment.entry_point.arguments);
  EXPECT_EQ(toolkit_kind(entry_point.kind), *kind->string());
  if (entry_point.kind == EntryPointKind::command) return;
  EXPECT_EQ(process_command(entry_point, "PYTHON", false),
            with_modules(texts_of(*expected.find("process"), base)));
  if (const PyValue* mpirun = expected.find("mpirun")) check_mpirun(*mpirun, entry_point, base);
}

TEST(ToolkitGoldens, EveryRecordedAnswerIsOurs) {
  const std::filesystem::path file = source_dir() / "tests/golden/toolkit/contract.json";
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  const Result<PyValue> goldens = parse_python_json(text.str());
  ASSERT_TRUE(goldens);
  ASSERT_FALSE(goldens->list()->empty());
  for (const PyValue& golden : *goldens->list()) {
    SCOPED_TRACE(*golden.find("name")->string());
    check(golden);
  }
}

// What the host's own variables say on the other host is what the toolkit would have read there.
TEST(ToolkitGoldens, AnotherHostsVariablesAreWhatThatHostWouldRead) {
  const std::string groups =
      R"("instance_groups": [{"hosts": ["a", "b"], "instance_group_name": "gpu", "instance_type": "ml.p5"},
         {"hosts": ["c"], "instance_group_name": "cpu", "instance_type": "ml.c5"}])";
  const auto config = [&](const char* host, const char* group, const char* type) {
    return std::string(R"({"current_group_name": ")") + group + R"(", "current_host": ")" + host +
           R"(", "current_instance_type": ")" + type + R"(", "hosts": ["a", "b", "c"], )" + groups + "}";
  };
  const char* hyperparameters = R"({"sagemaker_distribution_instance_groups": "[\"gpu\", \"cpu\"]"})";
  const Environment on_a = Container(hyperparameters, config("a", "gpu", "ml.p5")).environment();
  for (const auto& [host, group, type] :
       {std::tuple("a", "gpu", "ml.p5"), {"b", "gpu", "ml.p5"}, {"c", "cpu", "ml.c5"}}) {
    Container there(hyperparameters, config(host, group, type));
    there.request.num_gpus = 4;
    there.request.num_cpus = 7;
    Environment on_there = there.environment();
    on_there.paths = on_a.paths;
    on_there.module_dir = on_a.module_dir;
    const Variables all = sm_variables(on_there);
    const Variables own = HostVariables(on_a).all(host, 4, 7);
    EXPECT_EQ(own.size(), 8U);
    for (const auto& [name, value] : own) EXPECT_EQ(value, all.at(name)) << name << " of " << host;
    const Variables brief = HostVariables(on_a).brief(host, 4, 7);
    EXPECT_EQ(brief.size() + HostVariables::long_names.size(), own.size());
    for (const auto& [name, value] : brief) EXPECT_EQ(value, own.at(name)) << name << " of " << host;
  }
}

}  // namespace
}  // namespace smlaunch
