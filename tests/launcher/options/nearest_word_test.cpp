// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/nearest_word.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(NearestWord, IsFoundForSlipsAndNotForOtherWords) {
  const std::vector<std::string> words = {"hosts", "hostfile", "smoke", "bind"};
  const std::pair<const char*, const char*> cases[] = {
      {"host", "hosts"},  {"hsots", "hosts"},        {"hosst", "hosts"},
      {"hosts", "hosts"}, {"host-file", "hostfile"}, {"smkoe", "smoke"},
      {"bindings", ""},   {"nonsense", ""},          {"", ""},
      {"b", ""},          {"bid", "bind"},           {"hostsfile", "hostfile"},
      {"processes", ""}};
  for (const auto& [word, nearest] : cases) EXPECT_EQ(nearest_word(word, words), nearest) << word;
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'h'), words), "");
}

}  // namespace
}  // namespace smlaunch
