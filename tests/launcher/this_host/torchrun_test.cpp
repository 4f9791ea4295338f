// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/torchrun.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace smlaunch
