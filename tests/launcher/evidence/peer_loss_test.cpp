// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/peer_loss.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(PeerLoss, IsFoundInTheWordsOfTheLibraries) {
  for (const char* line :
       {"RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:589] Read error [198.18.0.2]:4242: "
        "Connection "
        "reset by peer",
        "RuntimeError: [./gloo/transport/tcp/pair.cc:598] Connection closed by peer [198.18.0.2]:1234",
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

}  // namespace
}  // namespace smlaunch
