// SPDX-License-Identifier: Apache-2.0
#include "launcher/neuron.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(NeuronCores, AreSummedOverTheDevices) {
  EXPECT_EQ(parse_neuron_cores(R"([{"neuron_device": 0, "nc_count": 2}, {"nc_count": 2}, {"other": 1}])"), 4);
  for (const char* other : {"", "[]", "{}", "no devices", R"([{"nc_count": "2"}])", "[1]"})
    EXPECT_EQ(parse_neuron_cores(other), 0) << other;
}

TEST(NeuronCores, OfATrn2AreKnown) {
  EXPECT_EQ(probe_neuron_cores("ml.trn2.48xlarge", ""), 64);
  EXPECT_EQ(probe_neuron_cores("ml.p5.48xlarge", ""), 0);
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

}  // namespace
}  // namespace smlaunch
