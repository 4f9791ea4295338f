// SPDX-License-Identifier: Apache-2.0
// The waiting itself is in tests/cluster/code_test.sh.
#include "launcher/session/code_on_hosts.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

WorkerCode failed(const std::string& host) {
  return {host, true, false,
          CodeEnd{.failure_class = FailureClass::install_module, .message = host + ": pip"}};
}

WorkerCode ready(const std::string& host) {
  WorkerCode code{host, true, false, CodeEnd{}};
  code.end->is_ready = true;
  return code;
}

Job job_on(const std::vector<std::string>& names) {
  Job job;
  for (const std::string& name : names) {
    Host host;
    host.name = name;
    job.cluster.hosts.push_back(std::move(host));
  }
  return job;
}

TEST(FindFailedCode, IsThatOfTheFirstHostWithRanks) {
  const Job job = job_on({"algo-1", "algo-2", "algo-3"});
  EXPECT_FALSE(find_failed_code(job, {}));
  EXPECT_FALSE(find_failed_code(job, {ready("algo-2"), {"algo-3", true, false, {}}}));
  EXPECT_FALSE(find_failed_code(job, {failed("spare-1")}));
  const auto outcome = find_failed_code(job, {ready("algo-2"), failed("algo-3"), failed("algo-1")});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->message, "algo-3: pip");
}

TEST(DropSparesWithoutCode, LeavesThoseThatMayStillBeOfUse) {
  std::vector<std::string> spares = {"spare-1", "spare-2", "spare-3"};
  drop_spares_without_code(
      spares, {failed("algo-2"), ready("spare-1"), failed("spare-2"), {"spare-3", false, false, {}}});
  EXPECT_EQ(spares, (std::vector<std::string>{"spare-1", "spare-3"}));
}

}  // namespace
}  // namespace smlaunch
