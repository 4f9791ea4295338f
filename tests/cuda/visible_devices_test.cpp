// SPDX-License-Identifier: Apache-2.0
#include "cuda/visible_devices.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

std::vector<Gpu> four_gpus() {
  std::vector<Gpu> gpus(4);
  gpus[0].uuid = "GPU-aaaa0000";
  gpus[1].uuid = "GPU-aaaa1111";
  gpus[2].uuid = "GPU-bbbb2222";
  gpus[3].uuid = "GPU-cccc3333";
  return gpus;
}

struct Case {
  const char* text;
  VisibleDevices expected;
};

TEST(VisibleDevices, AreReadAsCudaReadsThem) {
  const Case cases[] = {
      {"", {}},
      {"-1", {}},
      {"0", {{0}, {}}},
      {"3,1", {{3, 1}, {}}},
      {" 2 , 0 ", {{2, 0}, {}}},
      {"GPU-bbbb2222", {{2}, {}}},
      {"GPU-b,GPU-c", {{2, 3}, {}}},
      {"GPU-cccc3333,0", {{3, 0}, {}}},
  };
  for (const Case& each : cases)
    EXPECT_EQ(parse_visible_devices(each.text, four_gpus()), each.expected) << each.text;
}

VisibleDevices ending(std::vector<std::size_t> gpus, FindingKind kind, const char* entry) {
  return {std::move(gpus), MachineFinding{.kind = kind, .subject = entry}};
}

TEST(VisibleDevices, TheFirstEntryThatNamesNoGpuEndsTheList) {
  const std::pair<const char*, VisibleDevices> cases[] = {
      {"0,-1,1", ending({0}, FindingKind::visible_no_gpu, "-1")},
      {"0,4,1", ending({0}, FindingKind::visible_no_gpu, "4")},
      {"1,", ending({1}, FindingKind::visible_no_gpu, "")},
      {"1,one", ending({1}, FindingKind::visible_no_gpu, "one")},
      {"GPU-aaaa", ending({}, FindingKind::visible_no_gpu, "GPU-aaaa")},
      {"99999999999999999999999", ending({}, FindingKind::visible_no_gpu, "99999999999999999999999")},
      {"2,2,3", ending({2}, FindingKind::visible_twice, "2")},
      {"0,MIG-1234", ending({0}, FindingKind::visible_no_instance, "MIG-1234")},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(parse_visible_devices(text, four_gpus()), expected) << text;
}

TEST(VisibleDevices, AMigInstanceStandsForItsGpuAndAlone) {
  std::vector<Gpu> gpus = four_gpus();
  gpus[2].usable = false;
  gpus[2].mig_instances = {"MIG-b1", "MIG-b2"};
  const Case cases[] = {{"MIG-b2", {{2}, {}}},
                        {"MIG-GPU-bbbb2222/1/0", {{2}, {}}},
                        {"MIG-b1,MIG-b2", ending({2}, FindingKind::visible_beside_instance, "MIG-b2")},
                        {"MIG-b1,0", ending({2}, FindingKind::visible_beside_instance, "0")},
                        {"0,MIG-b1", ending({0}, FindingKind::visible_beside_instance, "MIG-b1")},
                        {"2", {{2}, {}}},
                        {"GPU-b", {{2}, {}}},
                        {"2,0", ending({2}, FindingKind::visible_beside_instance, "0")},
                        {"0,2", ending({0}, FindingKind::visible_beside_instance, "2")},
                        {"MIG-", ending({}, FindingKind::visible_no_instance, "MIG-")}};
  for (const Case& each : cases)
    EXPECT_EQ(parse_visible_devices(each.text, gpus), each.expected) << each.text;
  gpus[2].mig_instances.clear();
  EXPECT_EQ(parse_visible_devices("2", gpus), ending({}, FindingKind::visible_without_instances, "2"));
}

}  // namespace
}  // namespace smlaunch
