// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/run_options.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(RunOptions, TheLastLineOfATerminalIsOnlyThereWhereStderrIsOneThatUnderstandsIt) {
  const OutputTerminals terminal{.is_stdout = true, .is_stderr = true, .kind = "xterm"};
  Options options;
  EXPECT_TRUE(shows_live_line(options, terminal));
  OutputTerminals other = terminal;
  other.is_stdout = false;
  EXPECT_TRUE(shows_live_line(options, other)) << "lines go to a file";
  other.is_stdout_piped = true;
  EXPECT_FALSE(shows_live_line(options, other)) << "or to a tee, which writes to this terminal";
  other = terminal;
  other.is_stderr = false;
  EXPECT_FALSE(shows_live_line(options, other));
  for (const char* kind : {"", "dumb"}) {
    other = terminal;
    other.kind = kind;
    EXPECT_FALSE(shows_live_line(options, other)) << kind;
  }
  options.quiet = true;
  EXPECT_FALSE(shows_live_line(options, terminal));
}

TEST(RunOptions, ColorsAreForTerminalsUnlessSomebodySaysOtherwise) {
  const OutputTerminals terminal{.is_stdout = true, .is_stderr = true, .kind = "xterm"};
  Options options;
  EXPECT_TRUE(is_colored(options, terminal, true));
  EXPECT_FALSE(is_colored(options, terminal, false));
  OutputTerminals other = terminal;
  other.wants_no_color = true;
  EXPECT_FALSE(is_colored(options, other, true));
  other = terminal;
  other.kind = "dumb";
  EXPECT_FALSE(is_colored(options, other, true));
  options.color = ColorOption::always;
  EXPECT_TRUE(is_colored(options, other, false));
  options.color = ColorOption::never;
  EXPECT_FALSE(is_colored(options, terminal, true));
}

}  // namespace
}  // namespace smlaunch
