// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/silent_links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A rank on host "algo-N" of address "198.18.0.N", and to which other such hosts nothing gets through from there.
RankLook rank_on(int host, const std::vector<std::pair<int, long>>& silent,
                 const std::vector<std::string>& more_addresses = {}) {
  const auto address = [](int number) { return "198.18.0." + std::to_string(number); };
  ProcessState process;
  process.addresses = {address(host)};
  process.addresses.insert(process.addresses.end(), more_addresses.begin(), more_addresses.end());
  for (const auto& [other, milliseconds] : silent)
    process.unanswered.push_back({.address = address(other), .milliseconds = milliseconds});
  RankState state;
  state.processes = {std::move(process)};
  return {.rank = Rank{host - 1}, .host = "algo-" + std::to_string(host), .state = std::move(state)};
}

std::string said(const std::vector<RankLook>& looks) {
  return describe_silent_links(find_silent_links(looks));
}

TEST(SilentLinks, AHostThatIsAtAnEndOfAllOfThemIsNamedFirst) {
  const std::vector<RankLook> looks = {rank_on(1, {{3, 11000}}), rank_on(2, {{3, 9000}}),
                                       rank_on(3, {{1, 10000}})};
  const auto links = find_silent_links(looks);
  EXPECT_EQ(describe_silent_links(links),
            "what is sent between algo-3 and algo-1, algo-2 has not been acknowledged for 9 s");
  EXPECT_THAT(find_suspects(links), ElementsAre("algo-3"));
  EXPECT_EQ(links.front().seconds, 11);
}

TEST(SilentLinks, OfTwoHostsNeitherIsSaidToBeToBlame) {
  const auto links = find_silent_links({rank_on(1, {}), rank_on(2, {{3, 4000}}), rank_on(3, {})});
  EXPECT_EQ(describe_silent_links(links),
            "what is sent between algo-2 and algo-3 has not been acknowledged for 4 s");
  EXPECT_THAT(find_suspects(links), ElementsAre("algo-2", "algo-3"));
}

TEST(SilentLinks, PairsWithoutAHostInCommonPointAtNobody) {
  const auto links = find_silent_links(
      {rank_on(1, {{2, 4000}}), rank_on(2, {}), rank_on(3, {{4, 5000}}), rank_on(4, {{3, 5000}})});
  EXPECT_EQ(
      describe_silent_links(links),
      "what is sent between algo-1 and algo-2, between algo-3 and algo-4 has not been acknowledged for 4 s");
  EXPECT_THAT(find_suspects(links), IsEmpty());
  EXPECT_EQ(
      said({rank_on(1, {{2, 4000}, {3, 4000}, {4, 4000}}), rank_on(2, {{3, 4000}}), rank_on(3, {}),
            rank_on(4, {})}),
      "what is sent between algo-1 and algo-2, between algo-1 and algo-3, between algo-1 and algo-4, and "
      "between 1 more pair of hosts has not been acknowledged for 4 s");
}

TEST(SilentLinks, ManyHostsAreNotAllNamed) {
  std::vector<RankLook> looks = {rank_on(1, {})};
  for (int host = 2; host <= 20; ++host) looks.push_back(rank_on(host, {{1, 4000}}));
  EXPECT_EQ(said(looks),
            "what is sent between algo-1 and algo-10, algo-11, algo-12, algo-13, algo-14, algo-15, algo-16, "
            "algo-17 and 11 more has not been acknowledged for 4 s");
}

TEST(SilentLinks, OneHostMayHaveANetworkOfItsOwn) {
  const auto links = find_silent_links({rank_on(1, {{1, 4000}})});
  EXPECT_EQ(describe_silent_links(links),
            "what is sent between the ranks of algo-1 has not been acknowledged for 4 s");
  EXPECT_THAT(find_suspects(links), ElementsAre("algo-1"));
}

TEST(SilentLinks, AddressesOfNobodyAndOfSeveralHostsAndOfTheHostItselfCountForNone) {
  EXPECT_EQ(said({rank_on(1, {{9, 4000}}), rank_on(2, {})}), "") << "a storage server, say";
  EXPECT_EQ(
      said({rank_on(1, {}, {"198.18.0.77"}), rank_on(2, {}, {"198.18.0.77"}), rank_on(3, {{77, 4000}})}), "")
      << "a bridge for containers is on each host";
  RankLook look = rank_on(1, {}, {"127.0.0.1"});
  look.state->processes.front().unanswered = {{.address = "127.0.0.1", .milliseconds = 4000}};
  EXPECT_EQ(said({look}), "");
  EXPECT_EQ(said({{.rank = Rank{0}, .host = "algo-1"}}), "") << "its agent has not answered";
}

}  // namespace
}  // namespace smlaunch
