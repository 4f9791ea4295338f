// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/agents_elsewhere.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/launcher/leader/fake_agents.hpp"

namespace smlaunch {
namespace {

// Node rank 0 is this host, with rank 0; node ranks 1 and 2 have two ranks each.
struct Hosts {
  FakeLoop loop;
  LaunchPlan plan = [] {
    LaunchPlan made;
    made.engine = Engine::hosts;
    return made;
  }();
  FakeAgents channel{loop, plan};
  AgentsElsewhere elsewhere{channel, Peer{5}};
  std::vector<std::string> ends;
  JobEngine::Callbacks own;
  std::unique_ptr<EngineOnHosts> engine;

  struct Own final : JobEngine {
    tl::expected<void, SpawnError> start(const std::vector<std::string>&,
                                         const std::map<std::string, std::string>&, Rank,
                                         DeathSignal) override {
      return {};
    }
    void signal(int) override {}
    [[nodiscard]] bool was_started() const override { return true; }
    [[nodiscard]] std::vector<std::string> last_words() const override { return {}; }
    [[nodiscard]] std::set<std::string> peers() const override { return {}; }
    [[nodiscard]] bool has_children() const override { return false; }
    void remove_session_folders(const std::string&) const override {}
  };

  Hosts() {
    for (int i = 0; i < 5; ++i) channel.ranks[i].agent_comes = false;
    engine = std::make_unique<EngineOnHosts>(
        elsewhere,
        JobEngine::Callbacks{[](std::string_view) {},
                             [this](Rank rank, const Result<ExitStatus>& end, bool all) {
                               ends.push_back(
                                   fmt::format("{} {}{}", rank.value,
                                               end ? to_string(*end) : end.error().problems.front().what,
                                               all ? ", all" : ""));
                             }},
        [this](JobEngine::Callbacks callbacks) {
          own = std::move(callbacks);
          return std::make_unique<Own>();
        });
    for (const int node : {1, 2}) {
      StartAgents agents;
      agents.ranks = {2 * node - 1, 2 * node};
      agents.job = "try";
      engine->start_on(NodeRank{node}, agents);
    }
  }
};

using Lines = std::vector<std::string>;

TEST(EngineOnHosts, TellsEachHostToStartItsAgentsAndHasEndedWhenAllHave) {
  Hosts hosts;
  EXPECT_EQ(hosts.channel.done, (Lines{"start agents of 1 2 by 6", "start agents of 3 4 by 7"}));
  hosts.elsewhere.ended(Peer{6}, {1, {}, {Exited{0}, Signaled{9, false}}, "try"});
  hosts.own.ended(Rank{0}, ExitStatus(Exited{0}), true);
  hosts.elsewhere.ended(Peer{7}, {2, {}, {Exited{0}, Exited{0}}, "try"});
  hosts.elsewhere.ended(Peer{7}, {2, {}, {Exited{0}, Exited{0}}, "try"});  // heard again
  EXPECT_EQ(hosts.ends, (Lines{"1 exited with code 0", "2 was killed by signal 9 (SIGKILL)",
                               "0 exited with code 0", "3 exited with code 0", "4 exited with code 0, all"}));
}

TEST(EngineOnHosts, AHostThatIsLostIsNotWaitedForAndItsRanksAreLeftToTheirConnections) {
  Hosts hosts;
  hosts.elsewhere.ended(Peer{6}, {1, {}, {Exited{0}, Exited{0}}, "try"});
  hosts.own.ended(Rank{0}, ExitStatus(Exited{0}), true);
  hosts.ends.clear();
  hosts.elsewhere.host_lost(Peer{7});
  EXPECT_EQ(hosts.ends, (Lines{"3 its host was lost, all"}));
}

TEST(EngineOnHosts, WhyAgentsCouldNotBeStartedIsSaidOfEach) {
  Hosts hosts;
  hosts.elsewhere.ended(Peer{6}, {1, "smlaunch: No such file or directory", {Exited{0}, Exited{0}}, "try"});
  EXPECT_EQ(hosts.ends,
            (Lines{"1 smlaunch: No such file or directory", "2 smlaunch: No such file or directory"}));
}

TEST(EngineOnHosts, AnEndThatItsHostDoesNotKnowIsNoSuccess) {
  Hosts hosts;
  hosts.elsewhere.ended(Peer{6}, {1, {}, {Exited{0}, std::nullopt}, "try"});
  EXPECT_EQ(hosts.ends, (Lines{"1 exited with code 0", "2 its host does not know how it ended"}));
}

TEST(EngineOnHosts, WhatAnotherHostOrAnotherTrySaysIsNotHeard) {
  Hosts hosts;
  hosts.elsewhere.ended(Peer{7}, {1, {}, {Exited{0}, Exited{0}}, "try"});
  hosts.elsewhere.ended(Peer{6}, {1, {}, {Exited{0}, Exited{0}}, "the try before"});
  EXPECT_TRUE(hosts.ends.empty());
}

TEST(EngineOnHosts, SignalsGoToHostsWhereAgentsRun) {
  Hosts hosts;
  hosts.elsewhere.ended(Peer{6}, {1, {}, {Exited{0}, Exited{0}}, "try"});
  hosts.channel.done.clear();
  hosts.engine->signal(15);
  EXPECT_EQ(hosts.channel.done, (Lines{"signal 15 to the agents of 7"}));
  hosts.engine->signal(9);
  ASSERT_EQ(hosts.channel.agent_signals.size(), 2U);
  EXPECT_EQ(hosts.channel.agent_signals[0].number, 1U);
  EXPECT_EQ(hosts.channel.agent_signals[1].number, 2U);
  EXPECT_EQ(hosts.channel.agent_signals[1].job, "try");
  hosts.engine.reset();
  hosts.elsewhere.ended(Peer{7}, {2, {}, {Exited{0}, Exited{0}}, "try"});
  EXPECT_EQ(hosts.ends.size(), 2U) << "an engine that is gone hears nothing";
}

}  // namespace
}  // namespace smlaunch
