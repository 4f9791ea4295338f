// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "launcher/job/base_folder.hpp"

namespace smlaunch {
namespace {

TEST(ChooseBaseFolder, TakesTheOptionThenTheVariableThenTheContainer) {
  const BaseFolderFacts container = {true, "7"};
  const Variables variable = {{"SAGEMAKER_BASE_DIR", "/mine"}};
  Options options;
  BaseFolder base = choose_base_folder(options, {}, container);
  EXPECT_EQ(base.path, "/opt/ml");
  EXPECT_EQ(base.source, "default");
  base = choose_base_folder(options, variable, container);
  EXPECT_EQ(base.path, "/mine");
  EXPECT_EQ(base.source, "variable SAGEMAKER_BASE_DIR");
  options.base_dir = "/given";
  options.sources["base-dir"] = "option --base-dir";
  base = choose_base_folder(options, variable, container);
  EXPECT_EQ(base.path, "/given");
  EXPECT_EQ(base.source, "option --base-dir");
  EXPECT_FALSE(base.is_of_this_job);
}

TEST(ChooseBaseFolder, MakesOneOutsideAContainerWhereNothingIsNamed) {
  const BaseFolderFacts outside = {false, "12.5"};
  const Variables home = {{"HOME", "/home/u"}};
  const BaseFolder base = choose_base_folder({}, home, outside);
  EXPECT_EQ(base.path, "/home/u/sagemaker_local/jobs/12.5/opt/ml");
  EXPECT_TRUE(base.is_of_this_job);
  EXPECT_FALSE(base.is_made);
  EXPECT_TRUE(base.source.starts_with("outside a container: a run makes such a folder"));
  EXPECT_EQ(choose_base_folder({}, {}, outside).path, "/root/sagemaker_local/jobs/12.5/opt/ml");
  EXPECT_TRUE(choose_base_folder({}, {{"SAGEMAKER_BASE_DIR", ""}}, outside).is_of_this_job);

  for (auto option : {&Options::hosts, &Options::hostfile, &Options::resource_config}) {
    Options named;
    named.*option = "x";
    EXPECT_EQ(choose_base_folder(named, home, outside).path, "/opt/ml");
    EXPECT_TRUE(choose_base_folder(named, home, outside).is_made);
  }
}

TEST(IsWithoutJob, WhereNeitherAProgramNorAFolderNorAContainerIs) {
  const auto without = [](const Options& options, const Variables& variables, bool has_container) {
    return is_without_job(options, variables, choose_base_folder(options, variables, {has_container, "1"}));
  };
  EXPECT_TRUE(without({}, {}, false));
  EXPECT_TRUE(without({}, {{"SAGEMAKER_PROGRAM", ""}}, false));
  EXPECT_FALSE(without({}, {}, true));
  for (const char* name : {"SAGEMAKER_PROGRAM", "SAGEMAKER_TRAINING_MODULE", "SAGEMAKER_BASE_DIR"})
    EXPECT_FALSE(without({}, {{name, "x"}}, false)) << name;
  Options named;
  named.entry_point = {"train.py"};
  EXPECT_FALSE(without(named, {}, false));
  for (auto option : {&Options::hosts, &Options::hostfile, &Options::resource_config, &Options::base_dir}) {
    Options options;
    options.*option = "x";
    EXPECT_FALSE(without(options, {}, false));
  }
}

}  // namespace
}  // namespace smlaunch
