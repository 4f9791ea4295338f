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

TEST(VisibleDevices, TheFirstEntryThatNamesNoGpuEndsTheList) {
  const std::string ignored = ", so CUDA ignores it and what follows it";
  const auto noted = [&](std::vector<std::size_t> gpus, const std::string& what) {
    return VisibleDevices{std::move(gpus), {"CUDA_VISIBLE_DEVICES: " + what + ignored}};
  };
  const std::vector<std::pair<const char*, VisibleDevices>> cases = {
      {"0,-1,1", noted({0}, "'-1' names none of this machine's GPUs")},
      {"0,4,1", noted({0}, "'4' names none of this machine's GPUs")},
      {"1,", noted({1}, "'' names none of this machine's GPUs")},
      {"1,one", noted({1}, "'one' names none of this machine's GPUs")},
      {"GPU-aaaa", noted({}, "'GPU-aaaa' names none of this machine's GPUs")},
      {"99999999999999999999999", noted({}, "'99999999999999999999999' names none of this machine's GPUs")},
      {"2,2,3", noted({2}, "'2' names a GPU a second time")},
      {"0,MIG-1234", noted({0}, "'MIG-1234' names none of this machine's MIG instances")},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(parse_visible_devices(text, four_gpus()), expected) << text;
}

TEST(VisibleDevices, AMigInstanceStandsForItsGpuAndAlone) {
  std::vector<Gpu> gpus = four_gpus();
  gpus[2].usable = false;
  gpus[2].mig_instances = {"MIG-b1", "MIG-b2"};
  const std::string beside =
      " stands beside another entry, but CUDA gives a process one MIG instance and nothing else, so CUDA "
      "ignores "
      "it and what follows it";
  const Case cases[] = {{"MIG-b2", {{2}, {}}},
                        {"MIG-GPU-bbbb2222/1/0", {{2}, {}}},
                        {"MIG-b1,MIG-b2", {{2}, {"CUDA_VISIBLE_DEVICES: 'MIG-b2'" + beside}}},
                        {"MIG-b1,0", {{2}, {"CUDA_VISIBLE_DEVICES: '0'" + beside}}},
                        {"0,MIG-b1", {{0}, {"CUDA_VISIBLE_DEVICES: 'MIG-b1'" + beside}}},
                        {"2", {{2}, {}}},
                        {"GPU-b", {{2}, {}}},
                        {"2,0", {{2}, {"CUDA_VISIBLE_DEVICES: '0'" + beside}}},
                        {"0,2", {{0}, {"CUDA_VISIBLE_DEVICES: '2'" + beside}}},
                        {"MIG-",
                         {{},
                          {"CUDA_VISIBLE_DEVICES: 'MIG-' names none of this machine's MIG instances, so CUDA "
                           "ignores it and what follows it"}}}};
  for (const Case& each : cases)
    EXPECT_EQ(parse_visible_devices(each.text, gpus), each.expected) << each.text;
  gpus[2].mig_instances.clear();
  EXPECT_EQ(parse_visible_devices("2", gpus).notes,
            std::vector<std::string>{"CUDA_VISIBLE_DEVICES: '2' names a GPU that is set up for MIG instances "
                                     "and has none, so CUDA ignores it and what follows it"});
}

}  // namespace
}  // namespace smlaunch
