// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/self_started_hosts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

CodeEnd ready() {
  CodeEnd end;
  end.is_ready = true;
  return end;
}

CodeEnd failed() {
  CodeEnd end;
  end.message = "pod-3: pip failed";
  return end;
}

TEST(JudgeNodes, SaysWhoHasNotComeAndWhoseCodeIsNotThere) {
  const std::vector<WorkerCode> nodes = {{"pod-0", false, false, {}},
                                         {"pod-1", true, false, ready()},
                                         {"pod-2", true, false, {}},
                                         {"pod-3", true, false, failed()},
                                         {"pod-4", false, true, ready()}};
  std::vector<std::string> lines;
  for (const HostReadiness& host : judge_nodes(nodes, "pod-0", 7))
    lines.push_back(fmt::format("{} {} {} {}", host.name, to_string(host.state), to_string(host.stage),
                                host.state == ReadyState::ready ? "" : to_string(host.cause)));
  EXPECT_EQ(lines,
            (std::vector<std::string>{"pod-1 ready code ", "pod-2 waiting code its code is being prepared",
                                      "pod-3 failed code pod-3: pip failed",
                                      "pod-4 waiting smlaunch its smlaunch has not come (node rank 4)"}));
}

}  // namespace
}  // namespace smlaunch
