// SPDX-License-Identifier: Apache-2.0
// Nothing in the leader grows with the square of the hosts or of the ranks: whole runs of 100, 1,000 and 10,000 are
// counted. What is counted: the basic blocks that the leader's own code goes through, by a call that the compiler puts
// into each of them (-fsanitize-coverage=trace-pc), and the allocations of the whole process. Counts of one binary are
// the same in every run.
// The length of texts that name all hosts is not counted. Every rank gets them (SM_HOSTS and its like), and the kernel's
// bound for a variable is theirs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <functional>

#include "launcher/leader/leader_run.hpp"
#include "tests/launcher/leader/counted_work.hpp"
#include "tests/launcher/leader/fake_agents.hpp"
#include "tests/launcher/leader/fake_output.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

// Of the work for a rank, from one size to the next, which is ten times as large. Trees and sorting make it grow by some
// hundredths; a walk over a tenth of all ranks for each rank would be seen.
constexpr double most_growth = 1.1;

// `ranks` ranks, as many on each host, and a worker on every host.
struct LargeRun {
  LargeRun(int hosts, int ranks) {
    SmallJob job(hosts, ranks / hosts);
    job.environment.hosts.resize(2);
    job.environment.distribution_hosts.resize(2);
    plan = job.plan();
    settings.worker = "socket";
    settings.channel_host = "";
    settings.make_ready = [this](const std::string&, const FindWorkerCode& code, auto done) {
      if (workers_come)
        for (int host = 0; host < hosts_count(); ++host) agents.worker_comes(worker(host));
      EXPECT_EQ(code().size(), plan.cluster.hosts.size() + settings.spare_hosts.size());
      ReadyResult ready;
      ready.channel_host = "198.18.0.1";
      done(std::move(ready));
    };
    agents.forgets_variables = true;
  }
  [[nodiscard]] int hosts_count() const { return static_cast<int>(plan.cluster.hosts.size()); }
  [[nodiscard]] int ranks_count() const { return plan.world_size(); }
  [[nodiscard]] Peer worker(int host) const { return {ranks_count() + host}; }
  void each_rank(const std::function<void(int)>& work) const {
    for (int rank = 0; rank < ranks_count(); ++rank) work(rank);
  }
  // `work` of each rank comes to the leader at another time, and in the order of the ranks.
  void one_after_another(milliseconds begin, const std::function<void(int)>& work) {
    each_rank([&](int rank) { loop.after(begin + milliseconds(rank / 100), [work, rank] { work(rank); }); });
  }

  void go() {
    leader = std::make_unique<LeaderRun>(
        plan, settings, events, LeaderWorld{loop, agents, output, agents.make_engine(), [] {}}, "token");
    ASSERT_TRUE(leader->listen());
    const std::uint64_t blocks_before = counted_blocks();
    const std::uint64_t allocations_before = counted_allocations();
    auto made = leader->run();
    blocks_a_rank = static_cast<double>(counted_blocks() - blocks_before) / ranks_count();
    allocations_a_rank = static_cast<double>(counted_allocations() - allocations_before) / ranks_count();
    ASSERT_FALSE(loop.ran_dry);
    ASSERT_TRUE(made);
    outcome = made->outcome;
  }

  LaunchPlan plan;
  RunSettings settings;
  bool workers_come = true;
  EventLog events;
  FakeLoop loop;
  FakeOutput output;
  FakeAgents agents{loop, plan};
  std::unique_ptr<LeaderRun> leader;
  Outcome outcome;
  double blocks_a_rank = 0;
  double allocations_a_rank = 0;
};

// What happens in a job that goes well: each rank prints, answers pings, tells its progress; its devices say something;
// somebody asks for its stacks; a user's signal is passed on; it ends.
void goes_well(LargeRun& run) {
  run.each_rank([&](int rank) { run.agents.ranks[rank].runs = milliseconds(20'000 + rank / 10); });
  run.one_after_another(milliseconds(2000), [&run](int rank) {
    run.agents.rank_answers_ping(rank);
    run.agents.rank_prints(rank, "step\n");
    run.agents.rank_tells(rank, Progress{.beats = 1, .values = {{"step", 1}}});
    const bool is_first_of_host = run.plan.layout.ranks[Rank{rank}].local_rank.value == 0;
    if (is_first_of_host)
      run.agents.agent_tells(rank, {{.device = "eth0", .pci = "0000:01:00.0", .text = "is down"}});
  });
  run.loop.after(milliseconds(8000), [&run] { run.leader->passed_signal(SIGUSR1); });
  run.loop.after(milliseconds(9000), [&run] {
    run.leader->tell_status({.ranks = true, .stacks = true}, [&run](const JobStatus& status) {
      EXPECT_EQ(status.looks->size(), run.plan.layout.ranks.size());
    });
  });
}

// One rank fails, and the others are stopped; the job is to be tried again.
void fails(LargeRun& run) {
  run.each_rank([&](int rank) { run.agents.ranks[rank].runs = milliseconds(500'000); });
  const int failing = run.ranks_count() / 2;
  run.agents.ranks[failing].runs = milliseconds(3000);
  run.agents.ranks[failing].ends = Exited{3};
  run.settings.is_tried_again = [](const Outcome&) { return true; };
}

// All hosts are lost, one after the other, with their workers; spare hosts take the places of some in the next try.
void loses_every_host(LargeRun& run) {
  run.each_rank([&](int rank) {
    run.agents.ranks[rank].agent_is_lost = true;
    run.agents.ranks[rank].ignores_signals = true;
    run.agents.ranks[rank].runs = milliseconds(3000 + rank / 10);
  });
  for (int spare = 0; spare < run.hosts_count() / 2; ++spare)
    run.settings.spare_hosts.push_back(fmt::format("spare-{}", spare));
  for (int host = 0; host < run.hosts_count(); ++host)
    run.loop.after(milliseconds(3000 + host / 10),
                   [&run, host] { run.agents.worker_is_lost(run.worker(host)); });
  run.settings.is_tried_again = [](const Outcome&) { return true; };
}

// Nobody has come to the leader but the agents: the first agent of each host may bring its smlaunch.
void has_late_workers(LargeRun& run) {
  run.workers_come = false;
  run.each_rank([&](int rank) { run.agents.ranks[rank].runs = milliseconds(2000); });
}

// The hosts know themselves by other names than the plan.
void is_of_other_names(LargeRun& run) {
  run.agents.calls_hosts_otherwise = true;
  run.each_rank([&](int rank) { run.agents.ranks[rank].runs = milliseconds(2000); });
}

// No rank makes progress: all are looked at, then asked, then stopped.
void hangs(LargeRun& run) {
  run.settings.hang_timeout = 5;
  run.each_rank([&](int rank) { run.agents.ranks[rank].runs = milliseconds(500'000); });
}

struct Scene {
  const char* name;
  void (*prepare)(LargeRun&);
  OutcomeKind ends;
};

constexpr Scene scenes[] = {{"goes well", goes_well, OutcomeKind::success},
                            {"fails", fails, OutcomeKind::failure},
                            {"loses every host", loses_every_host, OutcomeKind::failure},
                            {"has late workers", has_late_workers, OutcomeKind::success},
                            {"is of other names", is_of_other_names, OutcomeKind::success},
                            {"hangs", hangs, OutcomeKind::failure}};

struct Work {
  double blocks = 0;
  double allocations = 0;
};

Work measure(const Scene& scene, int hosts, int ranks) {
  LargeRun run(hosts, ranks);
  scene.prepare(run);
  run.go();
  EXPECT_EQ(run.outcome.kind, scene.ends) << run.outcome.message;
  return {run.blocks_a_rank, run.allocations_a_rank};
}

void expect_no_square(const std::function<int(int)>& hosts_of) {
  for (const Scene& scene : scenes) {
    SCOPED_TRACE(scene.name);
    Work before;
    for (const int ranks : {100, 1000, 10'000}) {
      const Work now = measure(scene, hosts_of(ranks), ranks);
      EXPECT_GT(now.blocks, 50) << "nothing is counted";
      if (before.blocks > 0) {
        EXPECT_LT(now.blocks / before.blocks, most_growth) << ranks << " ranks: blocks of code for a rank";
        EXPECT_LT(now.allocations / before.allocations, most_growth)
            << ranks << " ranks: allocations for a rank";
      }
      testing::Test::RecordProperty(
          fmt::format("{}, {}", scene.name, ranks),
          fmt::format("{:.0f} blocks, {:.0f} allocations a rank", now.blocks, now.allocations));
      before = now;
    }
  }
}

TEST(Growth, TheLeadersWorkForARankIsTheSameOnAHundredAndOnTenThousandHosts) {
  expect_no_square([](int ranks) { return ranks; });
}

TEST(Growth, TheLeadersWorkForARankIsTheSameForAHundredAndForTenThousandRanksOfTenHosts) {
  expect_no_square([](int) { return 10; });
}

// Whoever asks for all ranks when each of them prints makes it grow with the square.
TEST(Growth, AWalkOverAllRanksForEachRankIsSeen) {
  const Scene walks{"asks for all ranks each time",
                    [](LargeRun& run) {
                      goes_well(run);
                      run.one_after_another(milliseconds(12'000), [&run](int) {
                        run.leader->tell_status({}, [](const JobStatus&) {});
                      });
                    },
                    OutcomeKind::success};
  EXPECT_GT(measure(walks, 1000, 1000).blocks, most_growth * measure(walks, 100, 100).blocks);
}

}  // namespace
}  // namespace smlaunch
