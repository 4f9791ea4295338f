// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/injection.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Injection, NamesAFaultAndARankOrAHost) {
  for (const char* text : {"hang:rank=3", "corrupt:rank=0", "slow:host=algo-2", "missing-library:host=algo-3",
                           "double:rank=1", "hang:host=b"}) {
    const auto parsed = parse_injection(text, "--inject");
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), text);
  }
}

TEST(Injection, RefusesAFaultForNobody) {
  const auto message = [](const char* text) {
    const auto parsed = parse_injection(text, "--inject");
    return parsed ? "accepted" : parsed.error().problems.front().what;
  };
  EXPECT_EQ(message("dance:rank=1"), "\"dance\" is no fault that can be injected");
  EXPECT_EQ(message("none"), "\"none\" is no fault that can be injected");
  EXPECT_EQ(message(""), "\"\" is no fault that can be injected");
  for (const char* text :
       {"hang", "hang:", "hang:rank=", "hang:rank=x", "hang:rank=-1", "hang:host=", "hang:rank=1x"})
    EXPECT_EQ(message(text), fmt::format("\"{}\" names neither a rank nor a host", text));
}

TEST(Injection, MustNameARankOrAHostOfTheJob) {
  const auto message = [](const char* text) {
    const auto sound =
        check_injection(*parse_injection(text, "--inject"), 4, {"algo-1", "algo-2"}, "--inject");
    return sound ? "fine" : sound.error().problems.front().what;
  };
  EXPECT_EQ(message("hang:rank=3"), "fine");
  EXPECT_EQ(message("hang:rank=4"), "there is no rank 4, they are 0 to 3");
  EXPECT_EQ(message("slow:host=algo-2"), "fine");
  EXPECT_EQ(message("slow:host=algo-7"), "algo-7 is none of the job's hosts");
}

TEST(Injection, IsMeantForThatRankOrForAllOfThatHost) {
  const Injection of_rank{InjectionKind::hang, 3, ""};
  EXPECT_EQ(injection_of(of_rank, 3, "a"), InjectionKind::hang);
  EXPECT_EQ(injection_of(of_rank, 2, "a"), InjectionKind::none);
  const Injection of_host{InjectionKind::slow, {}, "b"};
  EXPECT_EQ(injection_of(of_host, 0, "b"), InjectionKind::slow);
  EXPECT_EQ(injection_of(of_host, 0, "a"), InjectionKind::none);
  EXPECT_EQ(injection_of(Injection{}, 0, ""), InjectionKind::none);
}

}  // namespace
}  // namespace smlaunch
