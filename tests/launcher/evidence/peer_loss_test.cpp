// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/peer_loss.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace smlaunch {
namespace {

TEST(PeerLoss, IsFoundInTheWordsOfTheLibraries) {
  for (const char* line :
       {"RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:589] Read error [198.18.0.2]:4242: "
        "Connection "
        "reset by peer",
        "RuntimeError: [./gloo/transport/tcp/pair.cc:598] Connection closed by peer [198.18.0.2]:1234",
        "RuntimeError: [./gloo/transport/tcp/pair.cc:588] writev [198.18.0.2]:1234: Broken pipe",
        "ncclRemoteError: A call failed possibly due to a network error or a remote process exiting "
        "prematurely.",
        "NCCL WARN socketProgress: Connection closed by remote peer algo-2<41234>",
        "[E ProcessGroupNCCL.cpp:828] [Rank 3] Watchdog caught collective operation timeout: "
        "WorkNCCL(OpType=ALLREDUCE)",
        "horovod.common.exceptions.HorovodInternalError: Horovod has been shut down."})
    EXPECT_TRUE(blames_peer({"something before", line})) << line;
}

TEST(PeerLoss, IsNotFoundInARanksOwnReasons) {
  for (const char* line : {"ValueError: bad batch", "torch.cuda.OutOfMemoryError: CUDA out of memory.",
                           "FileNotFoundError: [Errno 2] No such file or directory: 'x'", ""})
    EXPECT_FALSE(blames_peer({line})) << line;
}

TEST(PeerLoss, ThatWasSurvivedLongAgoDoesNotCount) {
  std::vector<std::string> lines = {"Connection reset by peer, trying again"};
  lines.resize(100, "loss 0.5");
  EXPECT_FALSE(blames_peer(lines));
}

TEST(PeerLoss, IsTheReasonOfAFailureWhereTheExceptionOrWhatIsBehindItSaysSo) {
  const std::string begin = "Traceback (most recent call last):";
  const std::string file = "  File \"train.py\", line 3, in <module>";
  const std::string lost =
      "RuntimeError: [./gloo/transport/tcp/pair.cc:598] Connection closed by peer [::1]:1";
  const std::string retry = "WARNING: Retrying after 'ConnectionResetError(104, 'Connection reset by peer')'";
  const std::string late = "[W socket.cpp:432] TCPStore server has shut down";
  const std::string handling = "During handling of the above exception, another exception occurred:";
  for (const auto& [lines, is_reason] : std::vector<std::pair<std::vector<std::string>, bool>>{
           {{begin, file, lost}, true},
           {{begin, file, "RuntimeError: NCCL error in: x.cpp:1219, unhandled error",
             "ncclRemoteError: A call failed"},
            true},
           {{begin, file, lost, "", handling, "", begin, file, "KeyError: 'loss'"}, true},
           {{"NCCL WARN socketProgress: Connection closed by remote peer algo-2<41234>"}, true},
           {{retry, begin, file, "KeyError: 'loss'"}, false},
           {{begin, file, "KeyError: 'loss'", late}, false},
           {{"no data"}, false},
           {{}, false}})
    EXPECT_EQ(fails_for_peer(lines), is_reason) << testing::PrintToString(lines);
}

}  // namespace
}  // namespace smlaunch
