// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/render_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/launcher/status/some_status.hpp"

namespace smlaunch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t wide = 200;

TEST(LiveLine, SaysWhatTheJobIsDoing) {
  JobStatus status = some_status();
  EXPECT_EQ(render_live_line(status, wide),
            "2 hosts | pass, 48.2 GB/s | 4 ranks running | step=120 loss=2.5 | 1:02:31");
  status.counts = {{RankStage::running, 2}, {RankStage::ended, 1}, {RankStage::failed, 1}};
  status.silence->seconds = 40.3;
  status.stage = JobStage::stop;
  EXPECT_EQ(
      render_live_line(status, wide),
      "stopping | 2 hosts | pass, 48.2 GB/s | 2 running, 1 ended, 1 failed | step=120 loss=2.5 | 1:02:31 | "
      "silent for 40 s");
}

TEST(LiveLine, OfAJobThatHasNotBegunTellsOfItsHostsAndItsTest) {
  JobStatus status;
  status.hosts = 3;
  status.hosts_ready = 1;
  status.counts = {{RankStage::waiting, 6}};
  status.stage = JobStage::ready;
  status.seconds = 7;
  EXPECT_EQ(render_live_line(status, wide), "waiting for the hosts | 1 of 3 hosts ready | 0:00:07");
  status.hosts_ready = 3;
  status.stage = JobStage::smoke;
  status.smoke = "timed, 5 of 6 ranks";
  EXPECT_EQ(render_live_line(status, wide), "smoke test | 3 hosts | timed, 5 of 6 ranks | 0:00:07");
  status.stage = JobStage::start;
  status.smoke.clear();
  status.counts = {{RankStage::waiting, 4}, {RankStage::joined, 2}};
  EXPECT_EQ(render_live_line(status, wide), "starting | 3 hosts | 2 joined, 4 waiting | 0:00:07");
}

TEST(LiveLine, LeavesOutWhatMattersLeastAndFitsWhateverTheWidth) {
  const JobStatus status = some_status();
  EXPECT_EQ(render_live_line(status, 60), "2 hosts | 4 ranks running | step=120 loss=2.5 | 1:02:31");
  EXPECT_EQ(render_live_line(status, 50), "4 ranks running | step=120 loss=2.5 | 1:02:31");
  EXPECT_EQ(render_live_line(status, 40), "4 ranks running | step=120 loss=2.5");
  for (std::size_t width = 0; width < 100; ++width) EXPECT_LE(render_live_line(status, width).size(), width);
}

TEST(LiveLine, CutsNoCharacterAndLetsNoSequenceThrough) {
  JobStatus status;
  status.stage = JobStage::run;
  status.counts = {{RankStage::running, 1}};
  status.progress = JobProgress{.values = {{"\xC3\xA4\xC3\xA4", 1}}};
  const std::string whole = "1 rank running | ";
  EXPECT_EQ(render_live_line(status, whole.size() + 3), whole + "\xC3\xA4");
  status.progress = JobProgress{.values = {{"\033[2J", 1}}};
  EXPECT_THAT(render_live_line(status, wide), Not(HasSubstr("\033")));
}

TEST(StatusText, HasTheFactsAndEachRankOfASmallJob) {
  JobStatus status = some_status();
  status.ranks[Rank{1}] = {.host = "algo-1", .stage = RankStage::failed, .pid = 101, .end = Exited{3}};
  status.counts = {{RankStage::running, 3}, {RankStage::failed, 1}};
  EXPECT_EQ(render_status(status),
            "job 3fa2b91c on algo-1 (pid 4711): running for 1:02:31\n"
            "name        bert-7\n"
            "folder      /opt/ml\n"
            "started in  /root\n"
            "plan        abc: 4 ranks on 2 hosts, launcher ddp\n"
            "hosts       2 of 2 ready\n"
            "smoke       pass, 48.2 GB/s\n"
            "ranks       3 running, 1 failed\n"
            "progress    step=120 loss=2.5 of rank 3 on algo-2, 4 s ago\n"
            "silent      for 4 s\n"
            "\n"
            "  rank  host             state         pid  progress\n"
            "     0  algo-1           running       100\n"
            "     1  algo-1           failed        101   (exited with code 3)\n"
            "     2  algo-2           running       102\n"
            "     3  algo-2           running       103  step=120 loss=2.5\n");
}

// Its ranks, and torchrun, one on each host.
JobStatus of_torchrun() {
  JobStatus status = some_status();
  status.launcher = "torchrun";
  status.starters = {
      {.first_rank = Rank{0}, .status = {.host = "algo-1", .stage = RankStage::running, .pid = 90}},
      {.first_rank = Rank{2},
       .status = {.host = "algo-2", .stage = RankStage::failed, .pid = 91, .end = Exited{1}}}};
  return status;
}

TEST(StatusText, ShowsWhatHasStartedTheRanksAfterThem) {
  EXPECT_THAT(render_status(of_torchrun()),
              HasSubstr("     3  algo-2           running       103  step=120 loss=2.5\n"
                        "\n"
                        "  from  host             state         pid  torchrun\n"
                        "     0  algo-1           running        90\n"
                        "     2  algo-2           failed         91  (exited with code 1)\n"));
  JobStatus large = of_torchrun();
  for (int i = 2; i < 40; ++i) large.starters.push_back(large.starters.front());
  EXPECT_THAT(render_status(large), HasSubstr("        and 8 more\n"));
}

TEST(StatusText, OfALargeJobShowsOnlyRanksThatAreUnlikeMost) {
  JobStatus status = some_status();
  status.counts = {{RankStage::running, 996}, {RankStage::lost, 4}};
  status.ranks = Indexed<Rank, RankStatus>(1000, {.host = "algo-9", .stage = RankStage::running});
  for (const int rank : {5, 6, 7, 999}) status.ranks[Rank{rank}].stage = RankStage::lost;
  const std::string text = render_status(status);
  EXPECT_THAT(text, HasSubstr("996 running, 4 lost"));
  EXPECT_THAT(text, HasSubstr("   999  algo-9           lost"));
  EXPECT_THAT(text, Not(HasSubstr("algo-9           running")));
  for (RankStatus& rank : status.ranks) rank.stage = RankStage::lost;
  EXPECT_THAT(render_status(status), HasSubstr("        and 968 more\n"));
}

TEST(StatusText, ShowsStacksWhereTheyWereAskedFor) {
  JobStatus status = some_status();
  EXPECT_THAT(render_status(status), Not(HasSubstr("train.py:12")));
  RankState state;
  ProcessState process;
  process.pid = 103;
  process.python_stack = {"train.py:12 in load"};
  state.processes = {process};
  state.python_source = "py-spy";
  status.looks = std::vector<RankLook>{{.rank = Rank{3}, .host = "algo-2", .state = state}};
  EXPECT_THAT(render_status(status), HasSubstr("rank 3 on algo-2: train.py:12 in load"));
}

TEST(StatusText, OneOfSeveralJobsIsALineUnderItsHead) {
  EXPECT_EQ(render_status_head(), "job             pid  state                       time  ranks, folder\n");
  EXPECT_EQ(render_status_row(some_status()),
            "3fa2b91c       4711  running                  1:02:31  4 running; /opt/ml\n");
  JobStatus without_base = some_status();
  without_base.folder.clear();
  EXPECT_THAT(render_status_row(without_base), HasSubstr("4 running; /root\n"));
}

TEST(StatusJson, HasTheSameFacts) {
  JobStatus status = some_status();
  status.ranks[Rank{0}].end = Signaled{.signal = 9};
  const auto json = nlohmann::json::parse(render_status_json(status));
  EXPECT_EQ(json["id"], "3fa2b91c");
  EXPECT_EQ(json["state"], "run");
  EXPECT_EQ(json["hosts"], (nlohmann::json{{"all", 2}, {"ready", 2}}));
  EXPECT_EQ(json["smoke"], (nlohmann::json{{"state", "pass"}, {"busbw_gbps", 48.25}}));
  EXPECT_EQ(json["ranks_by_state"]["running"], 4);
  EXPECT_EQ(json["ranks_by_state"]["lost"], 0);
  EXPECT_EQ(json["progress"]["last"], (nlohmann::json{{"loss", 2.5}, {"step", 120}}));
  EXPECT_EQ(json["progress"]["rank_of_last"], 3);
  EXPECT_EQ(json["ranks"].size(), 4U);
  EXPECT_EQ(json["ranks"][0]["signal"], 9);
  EXPECT_EQ(json["ranks"][0]["exit_code"], nullptr);
  EXPECT_EQ(json["ranks"][3]["progress"]["step"], 120);
  EXPECT_EQ(json["exit_code"], nullptr);
  EXPECT_EQ(json["phases"][1], (nlohmann::json{{"name", "run"}, {"seconds", 3700.0}}));
  EXPECT_FALSE(json.contains("stacks"));
  status.looks = std::vector<RankLook>{{.rank = Rank{3}, .host = "algo-2"}};
  EXPECT_EQ(nlohmann::json::parse(render_status_json(status))["stacks"][0]["rank"], 3);
}

TEST(StatusJson, HasWhatHasStartedTheRanksAsTheReportHasIt) {
  EXPECT_FALSE(nlohmann::json::parse(render_status_json(some_status())).contains("starters"));
  const auto json = nlohmann::json::parse(render_status_json(of_torchrun()));
  EXPECT_EQ(json["ranks"].size(), 4U);
  EXPECT_EQ(json["starters"], nlohmann::json::parse(R"([
    {"first_rank": 0, "host": "algo-1", "state": "running", "pid": 90, "exit_code": null, "signal": null},
    {"first_rank": 2, "host": "algo-2", "state": "failed", "pid": 91, "exit_code": 1, "signal": null}])"));
}

TEST(StatusText, OfAHostThatDoesNotLeadSaysWhoDoesAndNothingOfTheRanks) {
  JobStatus status;
  status.id = "3fa2b91c";
  status.pid = 4711;
  status.host = "algo-2";
  status.working_directory = "/root";
  status.hosts = 2;
  status.stage = JobStage::ready;
  EXPECT_THAT(render_status(status), HasSubstr("hosts       0 of 2 ready"));
  status.leader = "algo-1";
  EXPECT_EQ(render_status(status),
            "job 3fa2b91c on algo-2 (pid 4711): waiting for algo-1 for 0:00:00\n"
            "started in  /root\n"
            "leader      algo-1: `smlaunch status` there knows the ranks\n");
  status.stage = JobStage::run;
  EXPECT_THAT(render_status(status), HasSubstr("(pid 4711): running for"));
  EXPECT_THAT(render_status_row(status), HasSubstr("algo-1 leads; /root"));
  const auto json = nlohmann::json::parse(render_status_json(status));
  EXPECT_EQ(json["leader"], "algo-1");
  EXPECT_FALSE(json.contains("ranks_by_state"));
  EXPECT_FALSE(json["hosts"].contains("ready"));
  EXPECT_TRUE(nlohmann::json::parse(render_status_json(some_status()))["leader"].is_null());
}

TEST(StatusJson, OfAJobThatHasJustBegunHasNothingWhereNothingIsKnown) {
  const auto json = nlohmann::json::parse(render_status_json(JobStatus()));
  for (const char* key : {"name", "folder", "plan_hash", "launcher", "smoke", "progress", "silent_seconds"})
    EXPECT_TRUE(json[key].is_null()) << key;
  EXPECT_FALSE(json.contains("ranks"));
}

TEST(JobStatus, TheStageOfATorchrunsRankIsItsOwnAsFarAsItIsKnown) {
  RankRecord torchrun;
  const auto stage = [&] { return to_string(stage_of(torchrun, Rank{5})); };
  EXPECT_EQ(stage(), "waiting");
  torchrun.joined = true;
  EXPECT_EQ(stage(), "joined");
  torchrun.pid = 7;
  EXPECT_EQ(stage(), "joined") << "torchrun runs, and the rank has not said that it does";
  torchrun.of_starter[Rank{5}] = {.progress = {{"step", 1}}};
  EXPECT_EQ(stage(), "joined");
  StartedRank& rank = torchrun.of_starter[Rank{5}];
  rank.pid = 8;
  EXPECT_EQ(stage(), "running");
  rank.has_ended = true;
  EXPECT_EQ(stage(), "ended") << "nobody has seen how";
  rank.status = Exited{3};
  EXPECT_EQ(stage(), "failed");
  rank.told_to_stop = true;
  EXPECT_EQ(stage(), "stopped");
  rank.status = Exited{0};
  EXPECT_EQ(stage(), "ended");
  torchrun.loss = OutlivedKill{};
  EXPECT_EQ(stage(), "ended") << "it had ended before";
  rank = {.pid = 8};
  EXPECT_EQ(stage(), "lost");
  torchrun.loss.reset();
  torchrun.end = RankEnd{.status = Exited{1}};
  EXPECT_EQ(stage(), "failed");
}

TEST(JobStatus, TheStageOfARankIsHowFarItHasCome) {
  RankRecord rank;
  EXPECT_EQ(stage_of(rank), RankStage::waiting);
  rank.joined = true;
  EXPECT_EQ(stage_of(rank), RankStage::joined);
  rank.pid = 7;
  EXPECT_EQ(stage_of(rank), RankStage::running);
  rank.end = RankEnd{.status = Exited{0}};
  EXPECT_EQ(stage_of(rank), RankStage::ended);
  rank.end = RankEnd{.status = Exited{1}};
  EXPECT_EQ(stage_of(rank), RankStage::failed);
  rank.end = RankEnd{.status = Signaled{.signal = 15}, .told_to_stop = true};
  EXPECT_EQ(stage_of(rank), RankStage::stopped);
  rank.loss = OutlivedKill{};
  EXPECT_EQ(stage_of(rank), RankStage::lost);
  RankRecord detached;
  detached.detached = true;
  EXPECT_EQ(stage_of(detached), RankStage::running);
  RankRecord unstarted;
  unstarted.not_started = "no such file";
  EXPECT_EQ(stage_of(unstarted), RankStage::failed);
}

TEST(JobStatus, IsNamedByItsIdItsNameItsPidOrItsFolders) {
  const JobStatus status = some_status();
  for (const char* word : {"3fa2b91c", "bert-7", "4711", "/opt/ml", "/root"})
    EXPECT_TRUE(is_named(status, word));
  for (const char* word : {"", "3fa2", "471", "/opt", "bert"}) EXPECT_FALSE(is_named(status, word)) << word;
  EXPECT_FALSE(is_named(JobStatus(), "")) << "an empty word names no job without a name";
}

}  // namespace
}  // namespace smlaunch
