// SPDX-License-Identifier: Apache-2.0
#include "launcher/env_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(EnvAnswer, ForAShellLeavesOutWhatNoShellCanName) {
  const Environment environment =
      Container(
          R"json({"lr": "it's $(id)", "batch-size": "3", "a b": "1", "x;id #": "1", "é": "1", "_9": "1"})json")
          .environment();
  const EnvAnswer shell = render_env(environment, {}, Format::shell);
  EXPECT_THAT(shell.text, HasSubstr("export SM_HP_LR='it'\\''s $(id)'\n"));
  EXPECT_THAT(shell.text, HasSubstr("export SM_HP__9=1\n"));
  EXPECT_THAT(shell.text, Not(HasSubstr("export SM_HP_BATCH")));
  EXPECT_EQ(render_left_out(shell),
            "left out, for no shell has a variable of such a name: \"SM_HP_A B\", \"SM_HP_BATCH-SIZE\", "
            "\"SM_HP_X;ID #\", \"SM_HP_\\u00c9\"");
  const EnvAnswer text = render_env(environment, {}, Format::text);
  EXPECT_THAT(text.text, HasSubstr("SM_HP_BATCH-SIZE=3\n"));
  EXPECT_EQ(render_left_out(text), "");
  EXPECT_THAT(render_env(environment, {}, Format::json).text, HasSubstr("\"SM_HP_BATCH-SIZE\":\"3\""));
}

TEST(EnvAnswer, NamesWhatIsLeftOutInOneLine) {
  const EnvAnswer answer{"", {"SM_HP_A\nB", "SM_HP_\x1b[1m", "SM_HP_\xff"}};
  const std::string line = render_left_out(answer);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_THAT(line, HasSubstr("\"SM_HP_A\\nB\", \"SM_HP_\\u001b[1m\", \"SM_HP_\\ufffd\""));
}

}  // namespace
}  // namespace smlaunch
