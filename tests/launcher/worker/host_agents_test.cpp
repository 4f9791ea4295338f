// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/host_agents.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "launcher/process/agent_variables.hpp"

namespace smlaunch {
namespace {

TEST(AgentVariables, SayWhichRankItIsAndWhereItsLeaderIs) {
  StartAgents wanted;
  wanted.ranks = {4, 5};
  wanted.job = "job";
  const auto variables = agent_variables(wanted, "pod-0:29501", 1);
  EXPECT_EQ(variables.at(agent_channel_variable), "pod-0:29501");
  EXPECT_EQ(variables.at(agent_rank_variable), "5");
  EXPECT_EQ(variables.at(agent_local_rank_variable), "1");
  EXPECT_EQ(variables.at(job_marker_variable), "job");
  EXPECT_FALSE(variables.contains(agent_secrets_variable));
}

TEST(AgentVariables, CarryTheSecretsAmongItsArguments) {
  StartAgents wanted;
  wanted.ranks = {0};
  wanted.secrets = "6:sesame";
  EXPECT_EQ(agent_variables(wanted, "", 0).at(agent_secrets_variable), "6:sesame");
}

// An agent that ends at once: true(1) knows no `rank`.
struct TwoAgents {
  boost::asio::io_context loop;
  std::vector<AgentsEnded> ends;
  HostAgents agents;
  explicit TwoAgents(const std::string& program)
      : agents(loop, {"pod-0:29501", program, {}}, [this](const AgentsEnded& end) { ends.push_back(end); }) {
    StartAgents wanted;
    wanted.set = 1;
    wanted.ranks = {0, 1};
    wanted.job = "job";
    agents.start(wanted);
  }
};

TEST(HostAgents, SayHowEachHasEndedAndOfWhichJob) {
  TwoAgents started("/bin/false");
  started.loop.run();
  ASSERT_EQ(started.ends.size(), 1U);
  EXPECT_EQ(started.ends[0].job, "job");
  EXPECT_EQ(started.ends[0].status, (std::vector<std::optional<ExitStatus>>{Exited{1}, Exited{1}}));
}

TEST(HostAgents, WhatWasNotStartedHasNoEnd) {
  TwoAgents started("/nowhere/smlaunch");
  started.loop.run();
  ASSERT_EQ(started.ends.size(), 1U);
  EXPECT_TRUE(started.ends[0].failure);
  EXPECT_EQ(started.ends[0].status, (std::vector<std::optional<ExitStatus>>(2)));
}

TEST(HostAgents, NobodyHearsOfTheEndOfThoseThatAreForgotten) {
  TwoAgents started("/bin/false");
  started.agents.forget();
  started.loop.run();
  EXPECT_TRUE(started.ends.empty());
}

TEST(HostAgents, ASignalOfAnotherTryIsNotForThisOne) {
  TwoAgents started("/bin/true");
  started.agents.signal({1, SIGKILL, 1, "the try before"});
  started.loop.run();
  ASSERT_EQ(started.ends.size(), 1U);
  EXPECT_EQ(started.ends[0].status, (std::vector<std::optional<ExitStatus>>{Exited{0}, Exited{0}}));
}

}  // namespace
}  // namespace smlaunch
