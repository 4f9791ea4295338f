// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/starter_tail.hpp"

#include <gtest/gtest.h>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;

struct Failed {
  int rank = 0;
  int local_rank = 0;
  int code = 1;
};

// As torchrun prints it, the last of `failures` as its root cause.
Lines summary(const std::vector<Failed>& failures) {
  Lines lines = {"torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ", "====",
                 "train.py FAILED", "Failures:"};
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (i + 1 == failures.size()) lines.insert(lines.end(), {"----", "Root Cause (first observed failure):"});
    const auto& [rank, local_rank, code] = failures[i];
    lines.push_back("  rank      : " + std::to_string(rank) + " (local_rank: " + std::to_string(local_rank) +
                    ")");
    lines.push_back("  exitcode  : " + std::to_string(code) + " (pid: 12)");
  }
  return lines;
}

Lines traceback(const std::string& exception, const std::string& prefix = "") {
  return {prefix + "Traceback (most recent call last):", prefix + "  File \"train.py\", line 3",
          prefix + exception};
}

Lines torchruns_own(const std::vector<Failed>& failures) {
  Lines lines = {"ERROR failed (exitcode: 1)",
                 "Traceback (most recent call last):", "  File \"torchrun\", line 8"};
  const Lines rest = summary(failures);
  lines.insert(lines.end(), rest.begin(), rest.end());
  return lines;
}

constexpr const char* own_reason = "ValueError: no such thing";
constexpr const char* lost_peer =
    "RuntimeError: [gloo/pair.cc:589] Connection closed by peer [10.0.0.2]:1234";

class Tail {
 public:
  Tail& add(const Lines& lines, std::uint64_t now_ns = 0) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    tail_.add(text, now_ns);
    return *this;
  }
  Tail& add_of(int rank, const Lines& lines, std::uint64_t now_ns = 0) {
    for (const std::string& line : lines) tail_.add(line + "\n", now_ns, rank);
    return *this;
  }
  Tail& end(int rank, const std::optional<ExitStatus>& status) {
    tail_.set_end(rank, status);
    return *this;
  }
  [[nodiscard]] LastWords words() const { return tail_.last_words(); }

 private:
  StarterTail tail_;
};

Lines with(Lines lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

TEST(StarterTail, TellsTheLinesOfTheRankThatTorchrunNames) {
  for (const auto& [mine, others] : {std::pair("[default1]:", "[default0]:"),
                                     {"[rank5]: ", "[rank4]: "},
                                     {"[default1]:[rank5]: ", "[default0]:[rank4]: "}}) {
    Tail tail;
    tail.add(traceback(own_reason, mine), 100);
    tail.add(traceback("KeyError: of the other", others), 200);
    for (int i = 0; i < 300; ++i) tail.add({std::string(others) + "noise"});
    tail.add(torchruns_own({{4, 0}, {5, 1}}), 300);
    const LastWords words = tail.words();
    EXPECT_EQ(words.lines, with(traceback(own_reason), summary({{4, 0}, {5, 1}}))) << mine;
    EXPECT_EQ(words.failed_rank, 5);
    EXPECT_EQ(words.traceback_ns, 100U);
    EXPECT_EQ(find_python_exception(words.lines), own_reason);
  }
}

// We have stopped it while it waited for other hosts.
TEST(StarterTail, TellsTheLinesOfTheRankThatWasSeenToFailWhereThereIsNoSummary) {
  const ExitStatus stopped = Signaled{.signal = 15, .core_dumped = false};
  Tail tail;
  tail.add_of(4, traceback("KeyError: of the other"), 200).add_of(5, traceback(own_reason), 100);
  EXPECT_EQ(tail.words().failed_rank, std::nullopt);
  tail.end(4, stopped).end(5, Exited{1});
  EXPECT_EQ(tail.words().failed_rank, 5);
  EXPECT_EQ(tail.words().lines, traceback(own_reason));
  EXPECT_EQ(tail.words().traceback_ns, 100U);

  Tail silent;
  silent.add({"torchrun's own words"}).add_of(4, traceback("KeyError: of the other")).end(5, Exited{7});
  EXPECT_EQ(silent.words(), (LastWords{.lines = {}, .traceback_ns = 0, .failed_rank = 5}));

  Tail peer;
  peer.add_of(4, traceback(lost_peer)).add_of(5, traceback(own_reason)).end(4, Exited{1}).end(5, Exited{1});
  EXPECT_EQ(peer.words().failed_rank, 5);
}

TEST(StarterTail, OfARankThatRunsAgainOrWasStoppedTheEndTellsNothing) {
  Tail tail;
  tail.add_of(4, traceback("KeyError: of the other")).end(4, Exited{1}).end(4, {}).end(5, Exited{0});
  EXPECT_EQ(tail.words().failed_rank, std::nullopt);
  tail.end(5, Signaled{.signal = 15, .core_dumped = false});
  EXPECT_EQ(tail.words().failed_rank, std::nullopt);
  tail.end(4, Exited{1}).add(torchruns_own({{4, 0}, {5, 1, 3}}));
  EXPECT_EQ(tail.words().failed_rank, std::nullopt) << "torchrun names rank 5, whose lines are not known";
}

// torchrun's times are whole seconds: of two that end in one it names the first.
TEST(StarterTail, TellsOfTheRankWithAReasonWhereTheNamedOneOnlyLostItsPeer) {
  Tail tail;
  tail.add(traceback(lost_peer, "[rank0]: "), 200).add(traceback(own_reason, "[rank1]: "), 100);
  tail.add(torchruns_own({{1, 1, 3}, {0, 0}}));
  EXPECT_EQ(tail.words().failed_rank, 1);
  EXPECT_EQ(tail.words().lines, with(traceback(own_reason), summary({{1, 1, 3}, {0, 0}})));

  Tail killed;
  killed.add(traceback(lost_peer, "[rank0]: ")).add(torchruns_own({{1, 1, -11}, {0, 0}}));
  EXPECT_EQ(killed.words().failed_rank, 1);
  EXPECT_EQ(find_python_exception(killed.words().lines), std::nullopt);

  Tail both_lost;
  both_lost.add(traceback(lost_peer, "[rank0]: ")).add(traceback(lost_peer, "[rank1]: "));
  both_lost.add(torchruns_own({{1, 1}, {0, 0}}));
  EXPECT_EQ(both_lost.words().failed_rank, 0);
}

TEST(StarterTail, WithoutPrefixesTellsTheFirstTracebackThatBlamesNoPeer) {
  Tail tail;
  tail.add({"a warning"}).add(traceback(lost_peer), 50).add(traceback(own_reason), 100);
  for (int i = 0; i < 5; ++i) tail.add(traceback(lost_peer), 200);
  tail.add(torchruns_own({{1, 1}, {0, 0}}), 300);
  const LastWords words = tail.words();
  EXPECT_EQ(words.lines, with(traceback(own_reason), summary({{1, 1}, {0, 0}})));
  EXPECT_EQ(words.failed_rank, std::nullopt);
  EXPECT_EQ(words.traceback_ns, 100U);
}

TEST(StarterTail, KeepsTheFirstTracebackThatTheOthersWouldPushOut) {
  Tail tail;
  tail.add(traceback(own_reason), 100);
  for (int i = 0; i < 300; ++i) tail.add({"noise"});
  tail.add(traceback(lost_peer), 200).add(torchruns_own({{0, 0}}));
  EXPECT_EQ(find_python_exception(tail.words().lines), own_reason);
}

TEST(StarterTail, TakesTheLastOfAChain) {
  Tail tail;
  tail.add(traceback("KeyError: 'a'"), 100);
  tail.add({"", "During handling of the above exception, another exception occurred:", ""});
  tail.add(traceback(own_reason), 100).add(traceback(lost_peer), 200).add(torchruns_own({{0, 0}}));
  EXPECT_EQ(find_python_exception(tail.words().lines), own_reason);
  EXPECT_EQ(tail.words().lines.front(), "Traceback (most recent call last):");
  EXPECT_EQ(tail.words().lines[2], "KeyError: 'a'");
}

TEST(StarterTail, ReadsAMessageThatNamesThePeerInALaterLine) {
  Tail tail;
  tail.add(with(traceback("DistBackendError: NCCL error in: x.cpp:1"), {"ncclRemoteError: A call failed"}),
           50);
  tail.add(traceback(own_reason), 100).add(torchruns_own({{0, 0}}));
  EXPECT_EQ(find_python_exception(tail.words().lines), own_reason);
}

TEST(StarterTail, TellsAllThatWasSaidWhereThereIsOneTracebackOrNone) {
  const Lines one = with(with({"a warning"}, traceback(own_reason)), torchruns_own({{0, 0}}));
  EXPECT_EQ(Tail().add(one).words().lines, one);
  const Lines none = with({"a warning"}, torchruns_own({{0, 0}}));
  EXPECT_EQ(Tail().add(none).words().lines, none);
  EXPECT_EQ(Tail().words(), LastWords());
}

TEST(StarterTail, GivesARankThatASignalEndedNobodysTraceback) {
  const Lines lines = with(traceback(lost_peer), torchruns_own({{0, 0}, {1, 1, -9}}));
  EXPECT_EQ(Tail().add(lines).words().lines, lines);
  EXPECT_EQ(Tail().add(lines).words().failed_rank, std::nullopt);
}

TEST(StarterTail, WithoutASummaryTellsTheEarliestReason) {
  Tail xla;
  xla.add(traceback(own_reason), 100).add(traceback(lost_peer), 200);
  EXPECT_EQ(find_python_exception(xla.words().lines), own_reason);

  Tail tail;
  tail.add(traceback(lost_peer, "[rank0]: "), 50).add(traceback("KeyError: 2", "[rank2]: "), 200);
  tail.add(traceback(own_reason, "[rank1]: "), 100).add({"said by torchrun"});
  EXPECT_EQ(tail.words().lines, with(traceback(own_reason), {"said by torchrun"}));
  EXPECT_EQ(tail.words().traceback_ns, 100U);
}

// What a program writes with @record, and PyTorch's launcher in its summary.
TEST(StarterTail, TellsTheRecordedTracebackOfTheRankThatHasAReasonOfItsOwn) {
  const auto recorded = [](int rank, const std::string& exception) {
    return Lines{"  rank      : " + std::to_string(rank) + " (local_rank: " + std::to_string(rank) + ")",
                 "  exitcode  : 1 (pid: 12)",
                 "  error_file: /tmp/error.json",
                 "  traceback : Traceback (most recent call last):",
                 "    File \"train.py\", line 3",
                 "  " + exception,
                 "  "};
  };
  Lines lines = {"Traceback (most recent call last):", "  File \"torchrun\", line 8",
                 "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ", "====", "Failures:"};
  lines = with(with(lines, recorded(1, own_reason)), {"----", "Root Cause (first observed failure):"});
  lines = with(with(lines, recorded(0, lost_peer)), {"===="});
  Tail tail;
  tail.add(traceback(own_reason), 100).add(traceback(lost_peer), 200).add(lines, 300);
  const LastWords words = tail.words();
  EXPECT_EQ(words.failed_rank, 1);
  EXPECT_EQ(words.traceback_ns, 100U);
  EXPECT_EQ(Lines(words.lines.begin(), words.lines.begin() + 3), traceback(own_reason));
  EXPECT_EQ(find_python_exception(words.lines), own_reason);
}

TEST(StarterTail, HoldsNoMoreRanksThanAHostCanHave) {
  Tail tail;
  for (int i = 0; i < 1000; ++i) tail.add({"[rank" + std::to_string(i) + "]: x"});
  EXPECT_EQ(tail.words().lines.back(), "[rank999]: x") << "no rank's any more, but not lost";
}

}  // namespace
}  // namespace smlaunch
