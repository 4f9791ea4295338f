// SPDX-License-Identifier: Apache-2.0
// The real program, with the tests' own NCCL and GPU (tests/programs/fake_gpu).
#include "launcher/checks/nccl_check_program.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "launcher/plan/smoke_plan.hpp"
#include "tests/launcher/checks/check_crew.hpp"

namespace smlaunch {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::vector<std::string> program = {SMLAUNCH_PROGRAM, nccl_check_word};

std::map<std::string, std::string> with_fake(const std::string& faults = "",
                                             const std::string& folder = FAKE_GPU_FOLDER) {
  return {{"LD_LIBRARY_PATH", folder}, {"SMLAUNCH_TEST_DOUBLES", "1"}, {"FAKE_NCCL", faults}};
}

RunTest order(int test, IdSet ranks, double deadline = 50) {
  RunTest made;
  made.test = test;
  made.ranks = std::move(ranks);
  made.bytes = 1L << 16;
  made.most_repeats = 5;
  made.deadline_seconds = deadline;
  return made;
}

std::string failure_of(const CheckCrew& crew, int rank) {
  const auto* failed = crew.members[static_cast<std::size_t>(rank)].last<CheckFailed>();
  return failed == nullptr ? "" : to_string(failed->stage) + ": " + failed->text;
}

TEST(NcclCheck, EveryRankGoesThroughTheStagesAndEverySumIsRight) {
  CheckCrew crew(4, program, with_fake());
  ASSERT_TRUE(crew.run_test(order(1, {0, 1, 2, 3})));
  for (const auto& member : crew.members) {
    const auto* result = member.last<TestResult>();
    ASSERT_NE(result, nullptr);
    EXPECT_EQ(result->sums, WrongElements{});
    EXPECT_EQ(result->contributions, WrongElements{});
    EXPECT_EQ(result->transfer_seconds.size(),
              crew.members.front().last<TestResult>()->transfer_seconds.size());
    EXPECT_GE(result->transfer_seconds.size(), 3U);
    EXPECT_EQ(result->barrier_seconds.size(), result->transfer_seconds.size());
    EXPECT_FALSE(result->shares_gpu);
    EXPECT_THAT(member.stages(0),
                ElementsAre(SmokeStage::spawned, SmokeStage::library_loaded, SmokeStage::device_ready));
    EXPECT_THAT(member.stages(1), ElementsAre(SmokeStage::id_received, SmokeStage::communicator_called,
                                              SmokeStage::communicator_ready, SmokeStage::warm_up,
                                              SmokeStage::timed, SmokeStage::verified));
    const auto* library = member.last<LibraryFacts>();
    ASSERT_NE(library, nullptr);
    EXPECT_EQ(library->version, "2.28.9 (a test's imitation of NCCL)");
    EXPECT_THAT(library->path, HasSubstr("fake_gpu.d/libfake.so"));
    EXPECT_THAT(library->build_id, SizeIs(40));
  }
  crew.send_all(QuitCheck{});
  for (int rank = 0; rank < 4; ++rank) EXPECT_EQ(crew.exit_code(rank), 0);
}

TEST(NcclCheck, OneSetOfProgramsRunsOneTestAfterAnother) {
  CheckCrew crew(4, program, with_fake());
  ASSERT_TRUE(crew.run_test(order(1, {0, 1, 2, 3})));
  for (const int rank : {0, 3}) crew.send(rank, order(2, {0, 3}));
  ASSERT_TRUE(crew.run_test(order(3, {1, 2})));
  ASSERT_TRUE(crew.wait([&] { return crew.members[0].last<TestResult>()->test == 2; }));
  for (const auto& member : crew.members) EXPECT_EQ(member.last<TestResult>()->sums.count, 0U);
}

TEST(NcclCheck, TheMissingRankIsNamedAmongMoreRanksThanASlotHolds) {
  CheckCrew crew(33, program, with_fake("drop:rank=32"), [](CheckSettings& s) { s.device %= 8; });
  IdSet all;
  for (int rank = 0; rank < 33; ++rank) all.push_back(rank);
  ASSERT_TRUE(crew.run_test(order(1, all)));
  const auto* result = crew.members[5].last<TestResult>();
  ASSERT_NE(result, nullptr);
  // The second slot is every other element.
  EXPECT_EQ(result->sums.count, 4096U);
  ASSERT_THAT(result->sums.ranges, SizeIs(1));
  EXPECT_EQ(result->sums.ranges[0], (WrongRange{ContributionFault::missing, 32, 0, 1, 8191, 1, 5}));
}

TEST(NcclCheck, AnInjectedFaultIsInTheContributionOfItsRank) {
  for (const auto kind : {InjectionKind::corrupt, InjectionKind::doubled}) {
    CheckCrew crew(3, program, with_fake(), [kind](CheckSettings& s) {
      if (s.rank == 2) s.injection = kind;
    });
    ASSERT_TRUE(crew.run_test(order(1, {0, 1, 2})));
    const bool doubled = kind == InjectionKind::doubled;
    for (int rank = 0; rank < 3; ++rank) {
      const auto* result = crew.members[static_cast<std::size_t>(rank)].last<TestResult>();
      ASSERT_NE(result, nullptr);
      EXPECT_EQ(result->sums.count, doubled ? 8192U : 1024U);
      EXPECT_EQ(result->contributions.count, rank != 2 ? 0U : doubled ? 8192U : 1024U);
    }
    const auto& range = crew.members[2].last<TestResult>()->contributions.ranges.front();
    EXPECT_EQ(range.index, 2);
    EXPECT_EQ(range.first, doubled ? 0U : 1024U);
    EXPECT_EQ(range.last, doubled ? 8191U : 2047U);
    if (!doubled) continue;
    EXPECT_EQ(crew.members[0].last<TestResult>()->sums.ranges.front(),
              (WrongRange{ContributionFault::doubled, 2, 2, 0, 8191, 1 + 4 + 32, 1 + 4 + 16}));
  }
}

TEST(NcclCheck, ASumThatChangesOnItsWayBackIsSeenByThatRankAlone) {
  CheckCrew crew(3, program, with_fake("corrupt_received:rank=1"));
  ASSERT_TRUE(crew.run_test(order(1, {0, 1, 2})));
  for (int rank = 0; rank < 3; ++rank) {
    const auto* result = crew.members[static_cast<std::size_t>(rank)].last<TestResult>();
    ASSERT_NE(result, nullptr);
    EXPECT_EQ(result->sums.count, rank == 1 ? 2048U : 0U);
    EXPECT_EQ(result->contributions.count, 0U);
    if (rank != 1) continue;
    EXPECT_EQ(result->sums.ranges.front().first, 2048U);
    EXPECT_EQ(result->sums.ranges.front().last, 4095U);
  }
}

TEST(NcclCheck, ARankThatDoesNotArriveStopsAtItsStageAndTheOthersGoOn) {
  CheckCrew crew(3, program, with_fake(), [](CheckSettings& s) {
    if (s.rank == 1) s.injection = InjectionKind::hang;
  });
  crew.send_all(order(1, {0, 1, 2}));
  ASSERT_TRUE(crew.wait([&] {
    return crew.members[1].stages(1).size() == 1 && crew.members[0].stages(1).size() == 2 &&
           crew.members[2].stages(1).size() == 2;
  }));
  crew.send_all(AbortTest{1});
  ASSERT_TRUE(crew.wait([&] {
    for (int rank = 0; rank < 3; ++rank)
      if (failure_of(crew, rank).empty()) return false;
    return true;
  }));
  EXPECT_EQ(failure_of(crew, 0), "communicator ready: NCCL: given up, as it was told");
  EXPECT_EQ(failure_of(crew, 1), "communicator called: given up, as it was told");
  ASSERT_TRUE(crew.run_test(order(2, {0, 2})));
  EXPECT_EQ(crew.members[0].last<TestResult>()->sums.count, 0U);
}

TEST(NcclCheck, ACollectiveThatNeverEndsIsGivenUpAtTheDeadline) {
  CheckCrew crew(2, program, with_fake("hang:rank=1"));
  crew.send(0, order(1, {0, 1}));
  crew.send(1, order(1, {0, 1}, 0.3));
  ASSERT_TRUE(crew.wait([&] { return !failure_of(crew, 0).empty() && !failure_of(crew, 1).empty(); }));
  EXPECT_EQ(failure_of(crew, 1), "warm-up: NCCL: not done within 0.3 s");
  EXPECT_THAT(failure_of(crew, 0), HasSubstr("Connection closed by remote peer"));
  EXPECT_THAT(crew.members[1].stages(1), SizeIs(3));
}

TEST(NcclCheck, NcclsOwnWordsAreTold) {
  CheckCrew crew(2, program, with_fake("fail_init:rank=0"));
  for (const int rank : {0, 1}) crew.send(rank, order(1, {0, 1}));
  ASSERT_TRUE(crew.wait([&] { return !failure_of(crew, 0).empty(); }));
  EXPECT_EQ(failure_of(crew, 0),
            "communicator ready: ncclCommInitRankConfig: unhandled system error: Call to connect failed: "
            "Connection refused");
}

TEST(NcclCheck, AFailureInACollectiveReachesEveryRank) {
  CheckCrew crew(2, program, with_fake("fail:rank=1"));
  ASSERT_TRUE(crew.run_test(order(1, {0, 1})));
  EXPECT_EQ(
      failure_of(crew, 0),
      "warm-up: the all-reduce: remote process exited or there was a network error: Connection closed by "
      "remote peer");
  EXPECT_EQ(failure_of(crew, 1),
            "warm-up: the all-reduce: unhandled system error: NET/Fake : the cable was pulled");
}

TEST(NcclCheck, AnAbortThatDoesNotReturnEndsTheProgram) {
  CheckCrew crew(2, program, with_fake("hang:rank=1;stuck_abort:rank=1"));
  ASSERT_TRUE(crew.run_test(order(1, {0, 1}, 0.2)));
  EXPECT_EQ(crew.exit_code(1), 1);
  EXPECT_THAT(failure_of(crew, 1), HasSubstr("not done within 0.2 s"));
  EXPECT_TRUE(crew.members[0].is_open);
}

TEST(NcclCheck, AnOldNcclIsWatchedFromOutside) {
  CheckCrew crew(2, program, with_fake("", FAKE_OLD_GPU_FOLDER));
  ASSERT_TRUE(crew.run_test(order(1, {0, 1})));
  EXPECT_EQ(crew.members[1].last<LibraryFacts>()->version, "2.12.10 (a test's imitation of NCCL)");
  EXPECT_EQ(crew.members[1].last<TestResult>()->sums.count, 0U);

  CheckCrew stuck(2, program, with_fake("hang_init:rank=1", FAKE_OLD_GPU_FOLDER));
  ASSERT_TRUE(stuck.run_test(order(1, {0, 1}, 0.3)));
  EXPECT_EQ(failure_of(stuck, 1), "communicator ready: NCCL: not done within 0.3 s");
  EXPECT_EQ(stuck.exit_code(1), 1);
}

TEST(NcclCheck, RanksThatShareAGpuSaySo) {
  auto variables = with_fake();
  variables["FAKE_GPUS"] = "1";
  CheckCrew crew(2, program, variables);
  ASSERT_TRUE(crew.run_test(order(1, {0, 1})));
  for (const auto& member : crew.members) EXPECT_TRUE(member.last<TestResult>()->shares_gpu);
}

TEST(NcclCheck, AMissingGpuLibraryOrMemoryIsNamed) {
  const auto failed = [](std::map<std::string, std::string> variables, InjectionKind injection) {
    CheckCrew crew(1, program, variables, [&](CheckSettings& s) { s.injection = injection; });
    crew.wait([&] { return !failure_of(crew, 0).empty(); });
    return failure_of(crew, 0);
  };
  auto variables = with_fake();
  variables["FAKE_GPUS"] = "0";
  variables["CUDA_VISIBLE_DEVICES"] = "";
  EXPECT_EQ(failed(variables, InjectionKind::none),
            "device ready: libcuda.so.1: no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE) "
            "(CUDA_VISIBLE_DEVICES is \"\" here)");
  EXPECT_EQ(failed(with_fake(), InjectionKind::missing_library),
            "library loaded: libnccl.so.2: /injected/missing-library/libnccl.so.2: cannot open shared object "
            "file: No such file or directory (install NCCL on "
            "this host (the package nvidia-nccl, or PyTorch with CUDA), or name it with --nccl-lib)");
  variables = with_fake();
  variables["FAKE_GPU_MEMORY"] = "100000";
  EXPECT_EQ(
      failed(variables, InjectionKind::none),
      "device ready: GPU 0: 65536 bytes of its memory cannot be allocated: out of memory "
      "(CUDA_ERROR_OUT_OF_MEMORY); 100000 of 100000 bytes were free (end what uses the GPU (nvidia-smi), "
      "or give less --smoke-bytes)");
}

TEST(NcclCheck, ATestDoubleIsRefusedOutsideOfTests) {
  unsetenv("SMLAUNCH_TEST_DOUBLES");
  auto variables = with_fake();
  variables.erase("SMLAUNCH_TEST_DOUBLES");
  CheckCrew crew(1, program, variables);
  ASSERT_TRUE(crew.wait([&] { return !failure_of(crew, 0).empty(); }));
  EXPECT_EQ(failure_of(crew, 0),
            "library loaded: libnccl.so.2: is a test's imitation of NCCL (name the real library; only tests "
            "set SMLAUNCH_TEST_DOUBLES)");
}

TEST(NcclCheck, TheInterpretersOwnLibraryIsFoundAndUsed) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("smlaunch-{}", getpid());
  const auto library = folder / "nvidia/nccl/lib/libnccl.so.2";
  std::filesystem::create_directories(library.parent_path());
  std::filesystem::create_symlink(std::string(FAKE_GPU_FOLDER) + "/libnccl.so.2", library);
  auto variables = with_fake();
  variables["PYTHONPATH"] = folder.string();
  CheckCrew crew(2, program, variables, [](CheckSettings& s) {
    s.library = "auto";
    s.finds_library = s.rank == 0;
  });
  ASSERT_TRUE(crew.wait([&] { return crew.members[0].last<FoundLibrary>() != nullptr; }));
  EXPECT_EQ(*crew.members[0].last<FoundLibrary>(),
            (FoundLibrary{library.string(), "the interpreter's nvidia-nccl package"}));
  crew.send_all(UseLibrary{library.string()});
  ASSERT_TRUE(crew.run_test(order(1, {0, 1})));
  EXPECT_EQ(crew.members[1].last<TestResult>()->sums.count, 0U);
  std::filesystem::remove_all(folder);
}

TEST(NcclCheck, WithoutAnInterpreterTheLoaderDecides) {
  CheckCrew crew(1, program, with_fake(), [](CheckSettings& s) {
    s.library = "auto";
    s.finds_library = true;
    s.python = "there-is-no-such-python";
  });
  ASSERT_TRUE(crew.wait([&] { return crew.members[0].last<FoundLibrary>() != nullptr; }));
  EXPECT_EQ(*crew.members[0].last<FoundLibrary>(),
            (FoundLibrary{"", "there-is-no-such-python: No such file or directory"}));
}

TEST(NcclCheck, TheHostsGpusAreTold) {
  CheckCrew crew(1, program, with_fake(), [](CheckSettings& s) { s.tells_host = true; });
  ASSERT_TRUE(crew.wait([&] { return crew.members[0].last<HostGpus>() != nullptr; }));
  EXPECT_EQ(crew.members[0].last<HostGpus>()->usable, 8);
  EXPECT_EQ(crew.members[0].last<HostGpus>()->nvml_error, "");
}

TEST(NcclCheck, TheEndOfItsInputEndsTheProgram) {
  CheckCrew crew(1, program, with_fake());
  ASSERT_TRUE(crew.wait([&] { return crew.members[0].stages(0).size() == 3; }));
  crew.members[0].child.stdin_pipe.reset();
  EXPECT_EQ(crew.exit_code(0), 0);
}

}  // namespace
}  // namespace smlaunch
