// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_finding.hpp"

#include <gtest/gtest.h>

#include <set>

namespace smlaunch {
namespace {

TEST(MachineFinding, ItsKindsAreReadAsTheyAreWritten) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(FindingKind::other); ++i) {
    const auto kind = static_cast<FindingKind>(i);
    EXPECT_EQ(parse_finding_kind(to_string(kind)), kind) << i;
    words.insert(to_string(kind));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(FindingKind::other) + 1);
  EXPECT_EQ(parse_finding_kind("moon"), std::nullopt);
}

TEST(UnusableReason, ItsKindsAreReadAsTheyAreWritten) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(UnusableKind::other); ++i) {
    const auto kind = static_cast<UnusableKind>(i);
    EXPECT_EQ(parse_unusable_kind(to_string(kind)), kind) << i;
    words.insert(to_string(kind));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(UnusableKind::other) + 1);
  EXPECT_EQ(parse_unusable_kind(""), std::nullopt);
}

TEST(MachineFinding, IsASentence) {
  const std::string beside =
      "stands beside another entry, but CUDA gives a process one MIG instance and nothing else";
  const auto visible = [](const std::string& wrong) {
    return "CUDA_VISIBLE_DEVICES: '7' " + wrong + ", so CUDA ignores it and what follows it";
  };
  const std::pair<MachineFinding, std::string> cases[] = {
      {{.kind = FindingKind::unusable_gpus,
        .subject = "0000:3b:00.0",
        .count = 1,
        .total = 8,
        .because = {UnusableKind::off_the_bus}},
       "1 of its 8 GPUs cannot be used (0000:3b:00.0): it has fallen off the PCI bus"},
      {{.kind = FindingKind::unusable_gpus, .subject = "GPU 0", .count = 1, .total = 1},
       "1 of its 1 GPU cannot be used (GPU 0): no reason was given"},
      {{.kind = FindingKind::visible_no_instance, .subject = "7"},
       visible("names none of this machine's MIG instances")},
      {{.kind = FindingKind::visible_beside_instance, .subject = "7"}, visible(beside)},
      {{.kind = FindingKind::visible_no_gpu, .subject = "7"}, visible("names none of this machine's GPUs")},
      {{.kind = FindingKind::visible_twice, .subject = "7"}, visible("names a GPU a second time")},
      {{.kind = FindingKind::visible_without_instances, .subject = "7"},
       visible("names a GPU that is set up for MIG instances and has none")},
      {{.kind = FindingKind::link_down, .subject = "eth1"}, "the link of eth1 is down"},
      {{.kind = FindingKind::cpu_quota, .subject = "1.5", .total = 4},
       "the container's CPU quota is 1.5 CPUs, fewer than the 4 hardware threads that are shown: "
       "OMP_NUM_THREADS is no more than a rank's part of it"},
      {{.kind = FindingKind::node_with_forbidden_memory, .subject = "1"},
       "the memory of NUMA node 1 may not be used here"},
      {{.kind = FindingKind::node_without_cpus, .subject = "2"}, "NUMA node 2 has memory but no CPUs"},
      {{.subject = "something of another version"}, "something of another version"}};
  for (const auto& [finding, sentence] : cases) EXPECT_EQ(to_string(finding), sentence);
}

}  // namespace
}  // namespace smlaunch
