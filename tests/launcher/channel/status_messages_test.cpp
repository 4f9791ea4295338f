// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/status_messages.hpp"

#include <gtest/gtest.h>

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {
namespace {

TEST(StatusMessages, ComeBack) {
  for (const StatusForm form : {StatusForm::row, StatusForm::text, StatusForm::json}) {
    const StatusWanted wanted{.number = 7, .form = form, .stacks = form == StatusForm::text};
    EXPECT_EQ(decode_status_wanted(encode(wanted)), wanted);
  }
  const StatusTold told{.number = 7, .text = "a\xff\n"};
  EXPECT_EQ(decode_status_told(encode(told)), told);
}

TEST(StatusMessages, OthersBytesAreNone) {
  const std::string wanted = encode(StatusWanted{.number = 1});
  for (const std::string& text :
       {std::string(), std::string("x"), wanted.substr(1),
        pack({{"number", -1}, {"form", 1}, {"stacks", true}}),
        pack({{"number", 1}, {"form", 3}, {"stacks", true}}),
        pack({{"number", 1}, {"form", 1}, {"stacks", "yes"}}), pack({{"number", 1}, {"text", 5}})}) {
    EXPECT_FALSE(decode_status_wanted(text)) << text;
    EXPECT_FALSE(decode_status_told(text)) << text;
  }
}

}  // namespace
}  // namespace smlaunch
