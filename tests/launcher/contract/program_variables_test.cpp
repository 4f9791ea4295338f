// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/program_variables.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

TEST(ProgramVariables, AreThoseThatTheToolkitSetsBesideItsOwn) {
  const Container container(R"({"sagemaker_program": "train.py", "sagemaker_job_name": "\"job-1\"",
                                "sagemaker_region": "\"us-west-2\""})");
  const std::string code = (container.path() / "code").native();
  const Variables wanted = {{"CURRENT_HOST", "algo-1"},
                            {"PYTHONPATH", code},
                            {"SAGEMAKER_JOB_NAME", "job-1"},
                            {"SAGEMAKER_REGION", "us-west-2"}};
  EXPECT_EQ(program_variables(container.environment(), {}), wanted);
  EXPECT_EQ(program_variables(container.environment(), {{"AWS_DEFAULT_REGION", "eu-west-1"},
                                                        {"CURRENT_HOST", "x"},
                                                        {"SAGEMAKER_JOB_NAME", "x"},
                                                        {"SAGEMAKER_REGION", "x"}}),
            wanted);
  for (const auto& [name, value] : wanted) EXPECT_EQ(is_said_by_job(name), name != "PYTHONPATH") << name;
}

TEST(ProgramVariables, ThatNoHyperparameterGivesAreEmptyOrAsTheyWere) {
  const Environment environment = Container(R"({"sagemaker_program": "train.py"})").environment();
  const Variables made = program_variables(environment, {});
  EXPECT_EQ(made.at("SAGEMAKER_JOB_NAME"), "");
  EXPECT_EQ(made.at("SAGEMAKER_REGION"), "");
  EXPECT_EQ(program_variables(environment, {{"AWS_DEFAULT_REGION", "eu-west-1"}}).at("SAGEMAKER_REGION"),
            "eu-west-1");
  const Variables kept = program_variables(
      environment,
      {{"SAGEMAKER_JOB_NAME", "mine"}, {"SAGEMAKER_REGION", "here"}, {"AWS_DEFAULT_REGION", "x"}});
  EXPECT_FALSE(kept.contains("SAGEMAKER_JOB_NAME"));
  EXPECT_FALSE(kept.contains("SAGEMAKER_REGION"));
}

TEST(PythonPath, HasTheCodeFolderFirstAndOnce) {
  EXPECT_EQ(python_path("/opt/ml/code", ""), "/opt/ml/code");
  EXPECT_EQ(python_path("/opt/ml/code", "/lib:/more"), "/opt/ml/code:/lib:/more");
  EXPECT_EQ(python_path("/opt/ml/code", "/opt/ml/code"), "/opt/ml/code");
  EXPECT_EQ(python_path("/opt/ml/code", "/opt/ml/code:/lib"), "/opt/ml/code:/lib");
  EXPECT_EQ(python_path("/opt/ml/code", "/lib:/opt/ml/code"), "/opt/ml/code:/lib:/opt/ml/code");
  EXPECT_EQ(python_path("/opt/ml/code", "/opt/ml/codes"), "/opt/ml/code:/opt/ml/codes");
  EXPECT_EQ(python_path("", "/lib"), "/lib");
}

}  // namespace
}  // namespace smlaunch
