// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/neuron.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(NeuronCores, AreSummedOverTheDevices) {
  EXPECT_EQ(parse_neuron_cores(R"([{"neuron_device": 0, "nc_count": 2}, {"nc_count": 2}, {"other": 1}])"), 4);
  EXPECT_EQ(parse_neuron_cores("[]"), 0);
  for (const char* other : {"", "{}", "no devices", R"([{"nc_count": "2"}])", R"([{"nc_count": -2}])", "[1]",
                            R"([{"nc_count": 2}] warning)"})
    EXPECT_EQ(parse_neuron_cores(other), std::nullopt) << other;
}

TEST(NeuronCores, OfATrn2AreKnown) {
  EXPECT_EQ(probe_neuron_cores("ml.trn2.48xlarge", "").count, 64);
  EXPECT_EQ(probe_neuron_cores("ml.p5.48xlarge", "").count, 0);
}

TEST(NeuronCores, AreMissedWhereTheInstanceHasSome) {
  EXPECT_EQ(probe_neuron_cores("ml.trn1.2xlarge", "").warning, std::nullopt) << "there is no neuron-ls";
  for (const char* type : {"ml.trn1.2xlarge", "ml.inf2.xlarge", "trn1n.32xlarge"})
    EXPECT_EQ(probe_neuron_cores(type, "/bin/false").warning,
              (Problem{"/bin/false",
                       std::string("exited with code 1: SM_NUM_NEURONS is 0 on this ") + type +
                           "; give the number of ranks with --processes-per-host",
                       ""}));
  EXPECT_EQ(
      probe_neuron_cores("ml.trn1.2xlarge", "/bin/echo").warning->what,
      "prints no list of devices with their nc_count: SM_NUM_NEURONS is 0 on this ml.trn1.2xlarge; give the "
      "number of ranks with --processes-per-host");
  for (const char* type : {"ml.c5.xlarge", "local", ""})
    EXPECT_EQ(probe_neuron_cores(type, "/bin/false").warning, std::nullopt) << type;
}

TEST(NeuronDifference, IsToldWhereTypeAndDevicesDiffer) {
  EXPECT_EQ(
      describe_neuron_difference("ml.trn2.48xlarge", 32),
      "ml.trn2.48xlarge counts as 64 Neuron cores (SM_NUM_NEURONS), but neuron-ls shows 32 on this host: "
      "give the number of ranks with --processes-per-host");
  EXPECT_EQ(describe_neuron_difference("ml.trn2.48xlarge", 64), "");
  EXPECT_EQ(describe_neuron_difference("ml.trn2.48xlarge", std::nullopt), "");
  EXPECT_EQ(describe_neuron_difference("ml.trn1.32xlarge", 2), "");
}

TEST(NeuronDifference, MayBeUnknown) {
  EXPECT_EQ(probe_neuron_difference("ml.trn2.48xlarge", ""), "");
  EXPECT_EQ(
      probe_neuron_difference("ml.trn2.48xlarge", "/bin/false"),
      "ml.trn2.48xlarge counts as 64 Neuron cores (SM_NUM_NEURONS), which could not be compared with this "
      "host's: /bin/false exited with code 1");
  EXPECT_EQ(probe_neuron_difference("ml.trn1.2xlarge", "/bin/false"), "");
}

}  // namespace
}  // namespace smlaunch
