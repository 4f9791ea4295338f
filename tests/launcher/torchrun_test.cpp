// SPDX-License-Identifier: Apache-2.0
#include "launcher/torchrun.hpp"

#include <gtest/gtest.h>

#include "launcher/neuron.hpp"

namespace smlaunch {
namespace {

TEST(Torchrun, IsRunByTheInterpreterOfItsFirstLine) {
  EXPECT_EQ(parse_interpreter_line("#!/usr/bin/python3.11\nimport re"), "/usr/bin/python3.11");
  EXPECT_EQ(parse_interpreter_line("#! /opt/conda/bin/python -u"), "/opt/conda/bin/python");
  for (const char* other : {"", "import re", "#!/bin/sh\n", "#!/usr/bin/env python3\n", "#!python3\n"})
    EXPECT_EQ(parse_interpreter_line(other), std::nullopt) << other;
}

TEST(Torchrun, MustRedirectOnlyInTheBrokenCombination) {
  for (const char* broken : {"3.11 1.13.0a0+gitunknown\n", "3.12 1.13.1", "3.11 1.9"})
    EXPECT_TRUE(parse_must_redirect(broken)) << broken;
  for (const char* sound : {"3.10 1.13.1", "3.11 2.0.0", "3.9 1.9.0", "4.0 2.1", "", "3.11", "3.11 unknown"})
    EXPECT_FALSE(parse_must_redirect(sound)) << sound;
}

TEST(NeuronCores, AreSummedOverTheDevices) {
  EXPECT_EQ(parse_neuron_cores(R"([{"neuron_device": 0, "nc_count": 2}, {"nc_count": 2}, {"other": 1}])"), 4);
  for (const char* other : {"", "[]", "{}", "no devices", R"([{"nc_count": "2"}])", "[1]"})
    EXPECT_EQ(parse_neuron_cores(other), 0) << other;
}

TEST(NeuronCores, OfATrn2AreKnown) {
  EXPECT_EQ(probe_neuron_cores("ml.trn2.48xlarge", ""), 64);
  EXPECT_EQ(probe_neuron_cores("ml.p5.48xlarge", ""), 0);
}

}  // namespace
}  // namespace smlaunch
