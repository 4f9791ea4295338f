// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/localiser.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace smlaunch {
namespace {

// A cluster that does what it is asked: a bad host spoils each test that it is in, a bad link its own.
struct Cluster {
  int hosts = 0;
  std::set<int> bad_hosts;
  std::set<std::pair<int, int>> bad_links;
  bool slow = false;  // bad ones pass, at a third of the speed
  bool fails_alone = false;

  [[nodiscard]] GroupResult test(const std::vector<TestedUnit>& group) const {
    const bool bad_host =
        std::any_of(group.begin(), group.end(), [&](TestedUnit h) { return bad_hosts.contains(h.value); });
    const bool bad_link = group.size() == 2 && bad_links.contains({group[0].value, group[1].value});
    const bool bad = (bad_host && (group.size() == 2 || fails_alone)) || bad_link;
    GroupResult result{.units = group,
                       .trouble = slow || !bad ? GroupTrouble::none : GroupTrouble::no_answer,
                       .busbw_gbps = 100.0};
    if (bad) result.busbw_gbps = slow ? std::optional(33.0) : std::nullopt;
    return result;
  }
};

std::vector<TestedUnit> units(const std::set<int>& values) {
  std::vector<TestedUnit> made;
  for (const int value : values) made.push_back({value});
  return made;
}

struct Search {
  LocaliserFindings findings;
  int rounds = 0;
  int tests = 0;
  int link_rounds = 0;
};

Search search(const Cluster& cluster, LocaliserSettings settings = {}) {
  settings.units = cluster.hosts;
  settings.judges_speed = cluster.slow;
  Localiser localiser(settings);
  Search made;
  for (auto round = localiser.next_round(); !round.empty(); round = localiser.next_round()) {
    ++made.rounds;
    std::set<int> busy;
    for (const auto& group : round) {
      for (const TestedUnit host : group) EXPECT_TRUE(busy.insert(host.value).second) << "one test at a time";
      localiser.add(cluster.test(group));
      ++made.tests;
    }
    if (made.rounds > 2 * cluster.hosts + 4) {
      ADD_FAILURE() << "it does not end";
      break;
    }
  }
  made.findings = localiser.findings();
  made.link_rounds = localiser.link_rounds();
  return made;
}

class BadHosts : public testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(BadHosts, AreFoundExactly) {
  const auto [hosts, bad, slow] = GetParam();
  std::mt19937 random(static_cast<unsigned>(hosts * 100 + bad));
  for (int run = 0; run < 100; ++run) {
    Cluster cluster{hosts, {}, {}, slow, false};
    while (cluster.bad_hosts.size() < static_cast<std::size_t>(bad))
      cluster.bad_hosts.insert(static_cast<int>(random() % static_cast<unsigned>(hosts)));
    const Search found = search(cluster);
    ASSERT_EQ(found.findings.bad, units(cluster.bad_hosts)) << hosts << " hosts, run " << run;
    EXPECT_TRUE(found.findings.undecided.empty());
    EXPECT_TRUE(found.findings.bad_links.empty());
    EXPECT_LE(found.rounds, 1 + 8);
    // Half of the hosts, then two tests for each suspect.
    if (hosts >= 64) {
      EXPECT_LE(found.tests, hosts + hosts / 2 + 6 * bad) << run;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Simulated, BadHosts,
                         testing::Combine(testing::Values(8, 64, 256), testing::Values(1, 2, 4),
                                          testing::Bool()));

TEST(Localiser, AHostThatFailsAloneIsNotTestedWithOthers) {
  const Search found = search({8, {3}, {}, false, true});
  EXPECT_EQ(found.findings.bad, units({3}));
}

TEST(Localiser, ABadLinkAccusesNoHost) {
  for (const int hosts : {4, 8, 9, 64}) {
    for (int a = 0; a < std::min(hosts, 9); ++a)
      for (int b = a + 1; b < std::min(hosts, 9); ++b) {
        LocaliserSettings settings;
        settings.most_link_rounds = hosts;
        const Search found = search({hosts, {}, {{a, b}}, false, false}, settings);
        EXPECT_TRUE(found.findings.bad.empty()) << hosts << ": " << a << "-" << b;
        EXPECT_TRUE(found.findings.undecided.empty()) << hosts << ": " << a << "-" << b;
        ASSERT_EQ(found.findings.bad_links, (std::vector{std::pair{TestedUnit{a}, TestedUnit{b}}})) << hosts;
      }
  }
}

TEST(Localiser, SaysHowLikelyABadLinkWasSeen) {
  LocaliserSettings settings;
  settings.most_link_rounds = 4;
  int seen = 0;
  for (int a = 0; a < 64; ++a)
    for (int b = a + 1; b < 64; ++b) {
      const Search found = search({64, {}, {{a, b}}, false, false}, settings);
      seen += static_cast<int>(found.findings.bad_links.size());
      EXPECT_TRUE(found.findings.bad.empty());
    }
  // Five rounds of the 63 that there are, and those that retested the suspects.
  const Search healthy = search({64, {}, {}, false, false}, settings);
  EXPECT_EQ(healthy.findings.pairs_tested, 5 * 32);
  EXPECT_EQ(healthy.findings.pairs_possible, 2016);
  EXPECT_NEAR(static_cast<double>(seen) / 2016, healthy.findings.coverage(), 0.001);
}

TEST(Localiser, HealthyHostsAreNotAccused) {
  for (const int hosts : {1, 2, 3, 5, 8, 33}) {
    const Search found = search({hosts, {}, {}, false, false});
    EXPECT_TRUE(found.findings.bad.empty()) << hosts;
    EXPECT_TRUE(found.findings.undecided.empty()) << hosts;
    EXPECT_TRUE(found.findings.bad_links.empty()) << hosts;
  }
}

TEST(Localiser, NeitherOfTwoHostsThatCannotTalkIsAccused) {
  const Search found = search({2, {1}, {}, false, false});
  EXPECT_TRUE(found.findings.bad.empty());
  EXPECT_EQ(found.findings.undecided, units({0, 1}));
}

TEST(Localiser, TheBadHostOfThreeIsFound) {
  for (int bad = 0; bad < 3; ++bad)
    EXPECT_EQ(search({3, {bad}, {}, false, false}).findings.bad, units({bad}));
}

TEST(Localiser, AMatrixTestsEveryTwoHostsOnce) {
  for (const int hosts : {2, 3, 8, 9}) {
    LocaliserSettings settings;
    settings.all_pairs = true;
    settings.tests_alone = false;
    const Search found = search({hosts, {}, {}, false, false}, settings);
    EXPECT_EQ(found.findings.pairs_tested, hosts * (hosts - 1) / 2);
    EXPECT_EQ(found.tests, hosts * (hosts - 1) / 2);
    EXPECT_LE(found.rounds, hosts + hosts % 2 - 1 + hosts % 2);
  }
}

}  // namespace
}  // namespace smlaunch
