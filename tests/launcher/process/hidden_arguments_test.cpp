// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/hidden_arguments.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;

TEST(HiddenArguments, AreShownAgainWhateverTheyHold) {
  const Words argv = {"train.py",   "--api-key", "abc", "--password",
                      "3:x\n:\xff", "--empty",   "",    "(secret 0)"};
  const HiddenArguments hidden = hide_arguments(argv, {2, 4, 6});
  EXPECT_EQ(hidden.argv, (Words{"train.py", "--api-key", "(secret 0)", "--password", "(secret 1)", "--empty",
                                "(secret 2)", "(secret 3)"}));
  EXPECT_EQ(show_arguments(hidden.argv, hidden.told), argv);
}

TEST(HiddenArguments, AreNoneWhereNothingIsSecret) {
  const HiddenArguments hidden = hide_arguments({"train.py", "(secret 0)"}, {});
  EXPECT_EQ(hidden.argv, (Words{"train.py", "(secret 0)"}));
  EXPECT_EQ(hidden.told, "");
  EXPECT_EQ(show_arguments(hidden.argv, ""), hidden.argv);
}

TEST(HiddenArguments, ThatAreToldWrongStayHidden) {
  for (const char* told : {"x", "3", "99999999999999999999999:a", ":"})
    EXPECT_EQ(show_arguments({"(secret 0)", "(secret 7)"}, told), (Words{"(secret 0)", "(secret 7)"}))
        << told;
  EXPECT_EQ(show_arguments({"(secret 0)"}, "9:abc"), Words{"abc"});
}

TEST(HiddenArguments, AreKnownByTheirSigns) {
  EXPECT_TRUE(hides_arguments(hide_arguments({"train.py", "--key", "abc"}, {2}).argv));
  for (const Words& argv :
       {Words{}, Words{"train.py", "--key", "abc"}, Words{"(secrets)", "secret 0)", "(secret "}})
    EXPECT_FALSE(hides_arguments(argv));
}

}  // namespace
}  // namespace smlaunch
