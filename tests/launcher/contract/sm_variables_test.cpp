// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

std::string with_base(std::string text, const std::string& base) {
  for (auto at = text.find("BASE"); at != std::string::npos; at = text.find("BASE"))
    text.replace(at, 4, base);
  return text;
}

TEST(SmVariables, AWholeJob) {
  Container container(
      R"({"lr": "1e-5", "Name": "\"it's\"", "none": "null", "list": "[1, \"a\", null]",
          "sagemaker_mpi_enabled": "true",
          "sagemaker_program": "\"train.py\"", "sagemaker_container_log_level": "30"})",
      R"({"current_group_name": "g", "current_host": "algo-2", "current_instance_type": "ml.p5", "hosts":
          ["algo-1", "algo-2"], "instance_groups": [{"instance_group_name": "g", "instance_type": "ml.p5",
          "hosts":
          ["algo-1", "algo-2"]}], "network_interface_name": "bond0", "topology": [{"hostName": "algo-1"}]})");
  container.write("input/config/inputdataconfig.json", R"({"training": {"TrainingInputMode": "File"}})");
  container.request.variables["TRAINING_JOB_NAME"] = "job-1";
  container.request.num_gpus = 8;
  const std::string groups =
      R"({"g":{"hosts":["algo-1","algo-2"],"instance_group_name":"g","instance_type":"ml.p5"}})";
  const std::string resource =
      R"({"current_group_name":"g","current_host":"algo-2","current_instance_type":"ml.p5",)"
      R"("hosts":["algo-1","algo-2"],)"
      R"("instance_groups":[{"hosts":["algo-1","algo-2"],)"
      R"("instance_group_name":"g","instance_type":"ml.p5"}],)"
      R"("network_interface_name":"bond0","topology":[{"hostName":"algo-1"}]})";
  const std::string hyperparameters = R"({"Name":"it's","list":[1,"a",null],"lr":1e-05,"none":null})";
  Variables expected = {
      {"SM_CHANNELS", R"(["training"])"},
      {"SM_CHANNEL_TRAINING", "BASE/input/data/training"},
      {"SM_CURRENT_HOST", "algo-2"},
      {"SM_CURRENT_INSTANCE_GROUP", "g"},
      {"SM_CURRENT_INSTANCE_GROUP_HOSTS", R"(["algo-1","algo-2"])"},
      {"SM_CURRENT_INSTANCE_TYPE", "ml.p5"},
      {"SM_DISTRIBUTION_INSTANCE_GROUPS", R"(["g"])"},
      {"SM_FRAMEWORK_MODULE", ""},
      {"SM_FRAMEWORK_PARAMS", R"({"sagemaker_mpi_enabled":true})"},
      {"SM_HOSTS", R"(["algo-1","algo-2"])"},
      {"SM_HPS", hyperparameters},
      {"SM_HP_LIST", R"([1,"a",null])"},
      {"SM_HP_LR", "1e-05"},
      {"SM_HP_NAME", "it's"},
      {"SM_HP_NONE", ""},
      {"SM_INPUT_CONFIG_DIR", "BASE/input/config"},
      {"SM_INPUT_DATA_CONFIG", R"({"training":{"TrainingInputMode":"File"}})"},
      {"SM_INPUT_DIR", "BASE/input"},
      {"SM_INSTANCE_GROUPS", R"(["g"])"},
      {"SM_INSTANCE_GROUPS_DICT", groups},
      {"SM_IS_HETERO", "false"},
      {"SM_LOG_LEVEL", "30"},
      {"SM_MODEL_DIR", "BASE/model"},
      {"SM_MODULE_DIR", "BASE/code"},
      {"SM_MODULE_NAME", "train"},
      {"SM_NETWORK_INTERFACE_NAME", "bond0"},
      {"SM_NUM_CPUS", "2"},
      {"SM_NUM_GPUS", "8"},
      {"SM_NUM_NEURONS", "0"},
      {"SM_OUTPUT_DATA_DIR", "BASE/output/data"},
      {"SM_OUTPUT_DIR", "BASE/output"},
      {"SM_OUTPUT_INTERMEDIATE_DIR", "BASE/output/intermediate"},
      {"SM_RESOURCE_CONFIG", resource},
      {"SM_TOPOLOGY", R"([{"hostName":"algo-1"}])"},
      {"SM_TRAINING_ENV",
       R"({"additional_framework_parameters":{"sagemaker_mpi_enabled":true},)"
       R"("channel_input_dirs":{"training":)"
       R"("BASE/input/data/training"},"current_host":"algo-2","current_instance_group":"g",)"
       R"("current_instance_group_hosts":["algo-1","algo-2"],"current_instance_type":"ml.p5",)"
       R"("distribution_hosts":)"
       R"(["algo-1","algo-2"],"distribution_instance_groups":["g"],"framework_module":null,)"
       R"("hosts":["algo-1","algo-2"],)"
       R"("hyperparameters":)" +
           hyperparameters +
           R"(,"input_config_dir":"BASE/input/config",)"
           R"("input_data_config":{"training":{"TrainingInputMode":"File"}},)"
           R"("input_dir":"BASE/input","instance_groups":["g"],"instance_groups_dict":)" +
           groups +
           R"(,"is_hetero":false,"is_master":false,"is_modelparallel_enabled":null,)"
           R"("is_smddpmprun_installed":false,)"
           R"("is_smddprun_installed":false,"job_name":"job-1","log_level":30,)"
           R"("master_hostname":"algo-1","model_dir":)"
           R"("BASE/model","module_dir":"BASE/code","module_name":"train","network_interface_name":"bond0",)"
           R"("num_cpus":2,)"
           R"("num_gpus":8,"num_neurons":0,"output_data_dir":"BASE/output/data","output_dir":"BASE/output",)"
           R"("output_intermediate_dir":"BASE/output/intermediate","resource_config":)" +
           resource + R"(,"topology":[{"hostName":"algo-1"}],"user_entry_point":"train.py"})"},
      {"SM_USER_ARGS", R"(["--Name","it's","--list","[1, 'a', None]","--lr","1e-05","--none",""])"},
      {"SM_USER_ENTRY_POINT", "train.py"},
  };
  for (auto& [name, value] : expected) value = with_base(value, container.path().native());
  EXPECT_EQ(sm_variables(container.environment()), expected);
}

TEST(SmVariables, TheReadersOwnEightAreThoseOfItsHost) {
  Container container;
  container.request.num_gpus = 3;
  const Environment environment = container.environment();
  const Variables all = sm_variables(environment);
  const Variables own = HostVariables(environment).all("algo-1", 3, 2);
  EXPECT_EQ(own.size(), 8U);
  for (const auto& [name, value] : own) EXPECT_EQ(value, all.at(name)) << name;
}

TEST(SmVariables, AnotherHostSeesItself) {
  const Environment environment = Container().environment();
  const Variables other = HostVariables(environment).all("algo-2", 4, 96);
  EXPECT_EQ(other.at("SM_CURRENT_HOST"), "algo-2");
  EXPECT_EQ(other.at("SM_NUM_GPUS"), "4");
  EXPECT_EQ(other.at("SM_NUM_CPUS"), "96");
  EXPECT_EQ(other.at("SM_RESOURCE_CONFIG"), R"({"current_host":"algo-2","hosts":["algo-1","algo-2"]})");
  const PyValue training = *parse_python_json(other.at("SM_TRAINING_ENV"));
  EXPECT_EQ(*training.find("current_host"), PyValue{std::string("algo-2")});
  EXPECT_EQ(*training.find("is_master"), PyValue{false});
  EXPECT_EQ(*training.find("num_gpus"), PyValue{PyInt{"4"}});
  EXPECT_EQ(*training.find("num_cpus"), PyValue{PyInt{"96"}});
  EXPECT_EQ(*training.find("resource_config")->find("current_host"), PyValue{std::string("algo-2")});
}

TEST(SmVariables, AnEmptyTopologyIsNoVariable) {
  for (const char* topology : {"[]", "null", "{}"}) {
    const Container container(
        "{}", std::string(R"({"current_host": "a", "hosts": ["a"], "topology": )") + topology + "}");
    EXPECT_EQ(sm_variables(container.environment()).count("SM_TOPOLOGY"), 0U);
  }
}

TEST(SmVariables, ModelParallelIsWhatPythonsAndMakesOfIt) {
  Container container;
  const auto enabled = [&] {
    return python_json_dumps(*parse_python_json(sm_variables(container.environment()).at("SM_TRAINING_ENV"))
                                  ->find("is_modelparallel_enabled"));
  };
  EXPECT_EQ(enabled(), "null");
  for (const auto& [value, json] : {std::pair("", "\"\""), {"{}", "false"}, {"{\"a\": 1}", "true"}}) {
    container.request.variables["SM_HP_MP_PARAMETERS"] = value;
    EXPECT_EQ(enabled(), json);
  }
}

TEST(SmVariables, InstalledHelpersAreFoundOnPath) {
  Container container;
  container.write("bin/smddprun", "#!/bin/sh\n");
  container.write("bin/smddpmprun", "not executable");
  ASSERT_EQ(chmod((container.path() / "bin/smddprun").c_str(), 0755), 0);
  container.request.variables["PATH"] = "/nowhere:" + (container.path() / "bin").native();
  const PyValue training = *parse_python_json(sm_variables(container.environment()).at("SM_TRAINING_ENV"));
  EXPECT_EQ(*training.find("is_smddprun_installed"), PyValue{true});
  EXPECT_EQ(*training.find("is_smddpmprun_installed"), PyValue{false});
}

}  // namespace
}  // namespace smlaunch
