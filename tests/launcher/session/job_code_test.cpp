// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_code.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

Job job_of(const Container& container) {
  Job job;
  job.environment = std::make_shared<const Environment>(container.environment());
  job.spec.environment = job.environment;
  job.spec.python = "/usr/bin/python3";
  return job;
}

constexpr const char* elsewhere =
    R"({"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://b/k", "sagemaker_region": "r"})";

TEST(MakeCodeRequest, IsWhatThereIsToDoHere) {
  const Container container(elsewhere);
  const auto request = make_code_request({}, job_of(container));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->host, "algo-1");
  EXPECT_EQ(request->code, (container.path() / "code").native());
  EXPECT_EQ(request->module_dir, "s3://b/k");
  EXPECT_EQ(request->program, "train.py");
  EXPECT_EQ(request->python, "/usr/bin/python3");
  EXPECT_EQ(request->region, "r");
  EXPECT_TRUE(request->leader_environment.empty());
}

TEST(MakeCodeRequest, IsNoneWhereTheCodeIsThereAndNeedsNothing) {
  const Container container(elsewhere);
  container.write("code/train.py", "");
  EXPECT_FALSE(make_code_request({}, job_of(container)));
  EXPECT_EQ(describe_code({}, job_of(container)), "");
  // Another host may have nothing yet.
  EXPECT_TRUE(may_need_code({}, job_of(container)));
  container.write("code/requirements.txt", "");
  EXPECT_TRUE(make_code_request({}, job_of(container)));
  EXPECT_EQ(describe_code({}, job_of(container)),
            "a run first installs what it needs: /usr/bin/python3 -m pip install -r requirements.txt");
}

TEST(MakeCodeRequest, IsNoneForAProgramThatIsNotTheContainers) {
  Options given;
  given.entry_point = {"train.py"};
  const Container container(elsewhere);
  EXPECT_FALSE(make_code_request(given, job_of(container)));
  EXPECT_FALSE(may_need_code(given, job_of(container)));
  EXPECT_EQ(describe_code(given, job_of(container)), "");
  Container module(elsewhere);
  module.request.variables["SAGEMAKER_TRAINING_MODULE"] = "my_framework:main";
  EXPECT_FALSE(make_code_request({}, job_of(module)));
  // What AWS's modules do is done here.
  module.request.variables["SAGEMAKER_TRAINING_MODULE"] = "sagemaker_pytorch_container.training:main";
  EXPECT_TRUE(make_code_request({}, job_of(module)));
  EXPECT_FALSE(make_code_request({}, job_of(Container())));
}

TEST(MayNeedCode, IsFalseWhereAllIsInTheCodeFolder) {
  const Container container(R"({"sagemaker_program": "train.py"})");
  container.write("code/train.py", "");
  EXPECT_FALSE(may_need_code({}, job_of(container)));
}

TEST(LookAtCodeAgain, SeesWhatTheProgramIs) {
  const Container container(elsewhere);
  Job job = job_of(container);
  EXPECT_EQ(job.environment->entry_point.kind, EntryPointKind::python_program);
  container.write("code/setup.py", "");
  look_at_code_again(job);
  EXPECT_EQ(job.environment->entry_point.kind, EntryPointKind::python_package);
  EXPECT_EQ(job.environment->entry_point.name, "train.py");
  EXPECT_EQ(job.spec.environment, job.environment);
}

TEST(OutcomeOfCode, IsAFailureOfItsClass) {
  const Outcome outcome = outcome_of_code({.failure_class = FailureClass::install_module,
                                           .message = "algo-2: pip",
                                           .failure = "InstallModuleError:\n"});
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::install_module);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.message, "algo-2: pip");
  EXPECT_EQ(outcome.failure_file, "InstallModuleError:\n");
}

}  // namespace
}  // namespace smlaunch
