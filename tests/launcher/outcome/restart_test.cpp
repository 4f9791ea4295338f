// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/restart.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

Outcome failed(FailureClass failure_class, Strings at_fault = {}) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = failure_class;
  outcome.hosts_at_fault = std::move(at_fault);
  return outcome;
}

TEST(Restart, ComesAfterAFailureAsOftenAsAskedFor) {
  for (const FailureClass each :
       {FailureClass::user_code, FailureClass::lost_host, FailureClass::start, FailureClass::smoke}) {
    EXPECT_FALSE(is_tried_again(failed(each), {0, 0, 5}));
    EXPECT_TRUE(is_tried_again(failed(each), {2, 0, 0}));
    EXPECT_TRUE(is_tried_again(failed(each), {2, 1, 0}));
    EXPECT_FALSE(is_tried_again(failed(each), {2, 2, 0}));
    EXPECT_TRUE(counts_as_restart(failed(each)));
  }
}

TEST(Restart, DoesNotComeAfterSuccessAStopOrABadConfiguration) {
  EXPECT_FALSE(is_tried_again(Outcome{}, {9, 0, 9}));
  Outcome stopped;
  stopped.kind = OutcomeKind::stopped;
  EXPECT_FALSE(is_tried_again(stopped, {9, 0, 9}));
  Outcome failed_while_stopping = failed(FailureClass::user_code);
  failed_while_stopping.stop_was_asked = true;
  EXPECT_FALSE(is_tried_again(failed_while_stopping, {9, 0, 9}));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::configuration), {9, 0, 9}));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::internal), {9, 0, 9}));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::install_module), {9, 0, 9}));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::install_requirements), {9, 0, 9}));
}

TEST(Restart, ReplacesHostsThatAreNotReadyWithoutCounting) {
  EXPECT_TRUE(is_tried_again(failed(FailureClass::not_ready, {"a"}), {0, 0, 1}));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready, {"a", "b"}), {5, 0, 1}));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready), {5, 0, 1}));
  EXPECT_FALSE(counts_as_restart(failed(FailureClass::not_ready, {"a"})));
}

Cluster cluster_of(const Strings& names) {
  Cluster cluster;
  for (const std::string& name : names) {
    Host host;
    host.name = name;
    host.ranks = static_cast<int>(cluster.hosts.size()) + 1;
    host.source = TopologySource::probed;
    cluster.hosts.push_back(host);
  }
  return cluster;
}
Strings names_of(const Cluster& cluster) {
  Strings names;
  for (const Host& host : cluster.hosts) names.push_back(host.name);
  return names;
}

TEST(ReplaceHosts, KeepsOrderAndNumberOfRanks) {
  Cluster cluster = cluster_of({"a", "b", "c", "d"});
  Strings spares = {"x", "y", "z"};
  const auto replaced = replace_hosts(cluster, spares, {"d", "b"}, "a");
  EXPECT_EQ(names_of(cluster), (Strings{"a", "x", "c", "y"}));
  EXPECT_EQ(spares, Strings{"z"});
  ASSERT_EQ(replaced.size(), 2U);
  EXPECT_EQ(replaced[0].lost + " " + replaced[0].spare, "b x");
  EXPECT_EQ(cluster.hosts[{1}].ranks, 2);
  EXPECT_EQ(cluster.hosts[{1}].source, TopologySource::assumed);
  EXPECT_EQ(cluster.hosts[{2}].source, TopologySource::probed);
}

TEST(ReplaceHosts, KeepsTheLeaderAndWhatCannotBeReplaced) {
  Cluster cluster = cluster_of({"a", "b", "c"});
  Strings spares = {"x"};
  EXPECT_EQ(replace_hosts(cluster, spares, {"a", "b", "c"}, "a").size(), 1U);
  EXPECT_EQ(names_of(cluster), (Strings{"a", "x", "c"}));
  EXPECT_TRUE(replace_hosts(cluster, spares, {"c"}, "a").empty());
}

TEST(ReplaceHosts, DropsSparesThatAreAtFaultThemselves) {
  Cluster cluster = cluster_of({"a", "b"});
  Strings spares = {"x", "y"};
  replace_hosts(cluster, spares, {"b", "x"}, "a");
  EXPECT_EQ(names_of(cluster), (Strings{"a", "y"}));
}

}  // namespace
}  // namespace smlaunch
