// SPDX-License-Identifier: Apache-2.0
// The leader and the wait for its hosts on one loop: hosts, workers, agents and the clock are made up.
#include "launcher/session/await_hosts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "launcher/leader/leader_run.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/self_started_hosts.hpp"
#include "tests/launcher/leader/fake_agents.hpp"
#include "tests/launcher/leader/fake_output.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// All hosts of a request are ready after a time of its own, or wait until its bound.
class FakeHosts {
 public:
  explicit FakeHosts(FakeLoop& loop) : loop_(loop) {}

  std::vector<milliseconds> ready_after;  // of the first request, the second, ...; those behind: never
  std::vector<RemoteRequest> requests;
  std::vector<double> over_at;  // when the work for each was over

  BeginOnHosts begin() {
    return [this](RemoteRequest request, TakeReport take) {
      requests.push_back(request);
      const auto after =
          requests.size() <= ready_after.size() ? ready_after[requests.size() - 1] : milliseconds::max();
      return std::make_unique<Work>(*this, std::move(request), after, std::move(take));
    };
  }

 private:
  class Work final : public HostWork {
   public:
    Work(FakeHosts& hosts, RemoteRequest request, milliseconds after, TakeReport take)
        : hosts_(hosts),
          request_(std::move(request)),
          take_(std::move(take)),
          end_(hosts.loop_.make_timer()),
          ticker_(hosts.loop_.make_timer()) {
      const bool comes = after < request_.timeout;
      end_->start(comes ? after : request_.timeout, [this, comes] { tell({.ready = comes}); });
      tick();
    }
    void stop(int signal) override {
      end_->start(milliseconds(0), [this, signal] { tell({.stopped_by_signal = signal}); });
    }

   private:
    void tick() {
      ticker_->start(milliseconds(200), [this] {
        if (request_.is_pointless && request_.is_pointless()) return tell({.is_given_up = true});
        tick();
      });
    }
    void tell(RemoteReport report) {
      const ReadyState state = report.ready ? ReadyState::ready : ReadyState::waiting;
      for (const std::string& name : request_.hosts) report.hosts.push_back({.name = name, .state = state});
      hosts_.over_at.push_back(hosts_.loop_.seconds());
      const TakeReport take = std::move(take_);
      take(std::move(report));
    }

    FakeHosts& hosts_;
    RemoteRequest request_;
    TakeReport take_;
    std::unique_ptr<LoopTimer> end_;
    std::unique_ptr<LoopTimer> ticker_;
  };

  FakeLoop& loop_;
};

CodeEnd code_is_there() {
  CodeEnd end;
  end.is_ready = true;
  return end;
}

// A whole run of two hosts with two ranks each.
struct AwaitedRun {
  explicit AwaitedRun(bool self_started = false) {
    SmallJob small(2, 2);
    small.spec.self_started = self_started;
    if (self_started) small.spec.launcher = LauncherKind::ddp;
    plan = small.plan();
    job.environment = small.spec.environment;
    job.spec = small.spec;
    job.cluster = small.cluster;
    options.entry_point = {"true"};  // a login has no code to prepare
    options.ready_timeout = 600;
    settings.stop_ready = [this](int signal, StopBy by) {
      by == StopBy::us ? waits.stop(signal) : waits.stop_by_worker(signal);
    };
    settings.worker = "socket";
    settings.channel_host = "127.0.0.1";
    settings.make_ready = [this](const std::string& hand_over, const FindWorkerCode& code, auto done) {
      RemoteRequest request{.hosts = names_of_hosts(job), .timeout = milliseconds(600'000)};
      request.login.input = hand_over;
      await_hosts(waits, options, job, plan,
                  {.request = std::move(request),
                   .farewell = farewell_command(job, "worker"),
                   .check = check,
                   .first_other_host = "127.0.0.1"},
                  code, events, [this, done](ReadyResult result) {
                    ready_at = loop.seconds();
                    done(std::move(result));
                  });
    };
  }

  [[nodiscard]] Peer worker(int index) const { return {count_rank_peers(plan, settings) + index}; }
  void at(int time, std::function<void()> what) { loop.after(milliseconds(time), std::move(what)); }

  Outcome go() {
    AgentsElsewhere elsewhere(agents, worker(0));
    const MakeEngine make_own = agents.make_engine();
    const MakeEngine make_on_hosts = [&](JobEngine::Callbacks callbacks) {
      return std::make_unique<EngineOnHosts>(elsewhere, std::move(callbacks), make_own);
    };
    leader = std::make_unique<LeaderRun>(
        plan, settings, events,
        LeaderWorld{loop, agents, output, job.spec.self_started ? make_on_hosts : make_own, [] {},
                    &elsewhere},
        "token");
    EXPECT_TRUE(leader->listen());
    const auto made = leader->run();
    EXPECT_FALSE(loop.ran_dry);
    EXPECT_TRUE(made);
    late_signal = leader->late_signal();
    leader.reset();  // before what it was given
    return made ? made->outcome : Outcome{};
  }

  Options options;
  Job job;
  LaunchPlan plan;
  RunSettings settings;
  HostCheck check;
  EventLog events;
  FakeLoop loop;
  FakeOutput output;
  FakeHosts hosts{loop};
  HostWaits waits{loop, hosts.begin(), true};
  FakeAgents agents{loop, plan};
  std::unique_ptr<LeaderRun> leader;
  int late_signal = 0;
  double ready_at = -1;
};

TEST(AwaitHosts, TheJobStartsWhenTheHostsAndThenTheirCodeAreThere) {
  AwaitedRun run;
  run.hosts.ready_after = {milliseconds(5000)};
  run.at(4000, [&] { run.agents.worker_comes(run.worker(1)); });
  run.at(9000, [&] { run.agents.worker_has_code(run.worker(1), code_is_there()); });
  run.at(8900, [&] { EXPECT_TRUE(run.agents.done.empty()); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_GE(run.ready_at, 9);
  EXPECT_LT(run.ready_at, 9.3);
  EXPECT_GE(run.agents.pings, 9) << "the worker that has come hears the leader all the time";
  EXPECT_EQ(run.hosts.requests.size(), 1U);
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).kind, "success");
}

TEST(AwaitHosts, HostsThatAreNotThereInTimeAreNamedAndTheRestLearnsThatThereIsNoJob) {
  AwaitedRun run;
  run.at(4000, [&] { run.agents.worker_comes(run.worker(1)); });
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.failure_class, FailureClass::not_ready);
  EXPECT_THAT(outcome.hosts_at_fault, Contains("algo-2"));
  EXPECT_THAT(run.hosts.over_at, ElementsAre(600, 603));
  EXPECT_TRUE(run.agents.done.empty());
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).kind, "failure");
}

TEST(AwaitHosts, AStopOfOursEndsTheWaitAndAnotherTheFarewell) {
  for (const bool again : {false, true}) {
    AwaitedRun run;
    run.at(4000, [&] { run.leader->stop_signal(SIGINT); });
    if (again) run.at(5000, [&] { run.leader->stop_signal(SIGINT); });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.kind, OutcomeKind::stopped);
    EXPECT_EQ(outcome.message, "stopped by SIGINT while waiting for the hosts");
    EXPECT_THAT(run.hosts.over_at, ElementsAre(4, again ? 5 : 7));
    EXPECT_EQ(run.late_signal, 0);
  }
}

TEST(AwaitHosts, AWorkerThatIsToldToStopEndsTheWaitButNoFarewell) {
  AwaitedRun run;
  run.at(1000, [&] { run.agents.worker_comes(run.worker(1)); });
  run.at(4000, [&] { run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM); });
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.exit_code, 143);
  EXPECT_THAT(run.hosts.over_at, ElementsAre(4, 7)) << "the others have their three seconds to learn it";
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).kind, "stopped");
}

TEST(AwaitHosts, CodeThatCannotBePreparedOnOneHostMakesWaitingForTheOthersPointless) {
  AwaitedRun run;
  CodeEnd failed;
  failed.message = "algo-2: pip failed";
  run.at(1000, [&] { run.agents.worker_comes(run.worker(1)); });
  run.at(4000, [&] { run.agents.worker_has_code(run.worker(1), failed); });
  const Outcome outcome = run.go();
  EXPECT_THAT(outcome.message, HasSubstr("pip failed"));
  EXPECT_LT(run.hosts.over_at[0], 4.3);
}

TEST(AwaitHosts, AStopWhileTheCodeIsPreparedEndsThatWait) {
  for (const bool by_worker : {false, true}) {
    AwaitedRun run;
    run.hosts.ready_after = {milliseconds(1000)};
    run.at(500, [&] { run.agents.worker_comes(run.worker(1)); });
    run.at(5000, [&] {
      if (by_worker)
        run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM);
      else
        run.leader->stop_signal(SIGTERM);
    });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.message, "stopped by SIGTERM while waiting for the hosts' code");
    EXPECT_EQ(run.ready_at, 5);
  }
}

// Hosts that start themselves come to the channel; nobody logs in.
struct AwaitedNodes : AwaitedRun {
  AwaitedNodes() : AwaitedRun(true) {
    settings.job_token = "secret";
    settings.worker.clear();
    settings.make_ready = [this](const std::string&, const FindWorkerCode& code, auto done) {
      wait_for_nodes(waits, options, job, code, events, [this, done](ReadyResult result) {
        ready_at = loop.seconds();
        slowest = result.slowest_host;
        done(std::move(result));
      });
    };
  }
  std::string slowest;
};

TEST(AwaitNodes, TheJobStartsWhenAllHaveComeWithTheirCode) {
  AwaitedNodes run;
  run.at(3000, [&] { run.agents.worker_comes(run.worker(1)); });
  run.at(7000, [&] { run.agents.worker_has_code(run.worker(1), code_is_there()); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_GE(run.ready_at, 7);
  EXPECT_LT(run.ready_at, 7.3);
  EXPECT_EQ(run.slowest, "algo-2");
}

TEST(AwaitNodes, AStopOrTheTimeOutEndsTheWait) {
  enum class Case { us, worker, late };
  for (const Case each : {Case::us, Case::worker, Case::late}) {
    AwaitedNodes run;
    run.at(1000, [&] { run.agents.worker_comes(run.worker(1)); });
    run.at(3000, [&] {
      if (each == Case::us) run.leader->stop_signal(SIGTERM);
      if (each == Case::worker) run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM);
    });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.exit_code, each == Case::late ? 69 : 143);
    EXPECT_EQ(static_cast<int>(run.ready_at), each == Case::late ? 600 : 3);
    EXPECT_TRUE(run.agents.done.empty());
  }
}

TEST(AwaitNodes, WhereThereIsNoJobThoseOnTheirWayAreToldAndAWorkersStopDoesNotCutThatShort) {
  AwaitedNodes run;
  run.settings.make_ready = [&](const std::string&, const FindWorkerCode& code, auto done) {
    wait_to_tell_nodes(run.waits, run.job, code, false, [&run, done] {
      run.ready_at = run.loop.seconds();
      ReadyResult result;
      result.outcome = make_failure(FailureClass::configuration, "no code");
      done(std::move(result));
    });
  };
  run.at(2000, [&] { run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM); });
  run.at(9000, [&] { run.agents.worker_comes(run.worker(1)); });
  EXPECT_EQ(run.go().failure_class, FailureClass::configuration);
  EXPECT_GE(run.ready_at, 9);
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).message, "no code");
}

}  // namespace
}  // namespace smlaunch
