// SPDX-License-Identifier: Apache-2.0
#include "topology/probe_machine.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/read_file.hpp"
#include "tests/support/source_dir.hpp"
#include "topology/machine_json.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string small_machine = source_dir() / "tests/topology/small_machine.xml";

TEST(SyntheticMachine, HasTheNodesAndCoresThatWereDescribed) {
  const auto machine = parse_synthetic_machine("package:2 [numa(memory=1GB)] core:2 pu:2");
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(machine->packages, 2);
  EXPECT_EQ(machine->cores, 4);
  EXPECT_EQ(machine->processing_units, 8);
  EXPECT_THAT(machine->numa_nodes, ElementsAre(NumaNode{0, {0, 1, 2, 3}, 1'000'000'000, 0},
                                               NumaNode{1, {4, 5, 6, 7}, 1'000'000'000, 1}));
  EXPECT_THAT(machine->core_cpus,
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4, 5), ElementsAre(6, 7)));
  EXPECT_THAT(sentences_of(machine->findings), IsEmpty());
}

TEST(SyntheticMachine, ANodeWithoutMemoryIsAFinding) {
  const auto machine = parse_synthetic_machine("package:1 [numa(memory=0)] core:2 pu:1");
  ASSERT_TRUE(machine.has_value());
  EXPECT_THAT(sentences_of(machine->findings), ElementsAre("NUMA node 0 has CPUs but no memory"));
}

TEST(SyntheticMachine, ATextThatIsNoDescriptionIsRefused) {
  EXPECT_EQ(parse_synthetic_machine("eight cores").error(),
            (Error{Fault::configuration,
                   {{"eight cores", "hwloc does not understand this description of a machine",
                     "write it like \"package:2 core:4 pu:2\""}}}));
}

TEST(SavedMachine, ItsCpusAreThoseThatMayBeUsed) {
  const auto machine = read_machine_file(small_machine);
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(machine->host, "small");
  EXPECT_EQ(machine->packages, 2);
  EXPECT_EQ(machine->cores, 4);
  EXPECT_EQ(machine->processing_units, 7);
  EXPECT_THAT(machine->core_cpus,
              ElementsAre(ElementsAre(0, 1), ElementsAre(2), ElementsAre(4, 5), ElementsAre(6, 7)));
  EXPECT_THAT(machine->numa_nodes,
              ElementsAre(NumaNode{0, {0, 1, 2}, 1'000'000'000, 0},
                          NumaNode{1, {4, 5, 6, 7}, 1'000'000'000, 1}, NumaNode{2, {}, 4'000'000'000}))
      << "a GPU's memory is a node without CPUs";
}

TEST(SavedMachine, ItsGpusHaveTheDriversNumbersNotTheBusOrder) {
  const auto machine = read_machine_file(small_machine);
  ASSERT_TRUE(machine.has_value());
  Gpu first{0, "NVIDIA H200", "GPU-aaaa", "0000:81:00.0", 1, {4, 5, 6, 7}, 0, true};
  Gpu second{1, "NVIDIA H200", "GPU-bbbb", "0000:03:00.0", 0, {0, 1, 2}, 1'048'576, true};
  Gpu third{2,     "GH100 [H200 SXM 141GB]",          "", "0000:c1:00.0", std::nullopt, {}, 0,
            false, {UnusableKind::unknown_when_saved}};
  EXPECT_THAT(machine->gpus, ElementsAre(first, second, third));
  EXPECT_THAT(machine->nics, ElementsAre(Nic{"mlx5_0", NicKind::infiniband, "0000:04:00.0", 0, true},
                                         Nic{"eth0", NicKind::ethernet, "0000:05:00.0", 0, true},
                                         Nic{"rdmap131s0", NicKind::efa, "0000:83:00.0", 1, true}));
}

TEST(SavedMachine, ItsDevicesAreAsNearAsTheTreeSays) {
  const auto machine = read_machine_file(small_machine);
  ASSERT_TRUE(machine.has_value());
  EXPECT_THAT(machine->gpu_nic, ElementsAre(ElementsAre(Nearness::SYS, Nearness::SYS, Nearness::PHB),
                                            ElementsAre(Nearness::PIX, Nearness::PHB, Nearness::SYS),
                                            ElementsAre(Nearness::SYS, Nearness::SYS, Nearness::SYS)));
  EXPECT_THAT(machine->gpu_gpu, ElementsAre(ElementsAre("X", "NV18", "SYS"), ElementsAre("NV18", "X", "SYS"),
                                            ElementsAre("SYS", "SYS", "X")));
  EXPECT_THAT(machine->nic_nic, ElementsAre(ElementsAre("X", "PHB", "SYS"), ElementsAre("PHB", "X", "SYS"),
                                            ElementsAre("SYS", "SYS", "X")));
}

TEST(SavedMachine, OddThingsAreSaid) {
  const auto machine = read_machine_file(small_machine);
  ASSERT_TRUE(machine.has_value());
  EXPECT_THAT(sentences_of(machine->findings),
              ElementsAre("only 7 of its 8 hardware threads may be used here (CPUs 0-2,4-7)",
                          "NUMA node 2 has memory but no CPUs",
                          "the link of rdmap131s0 was down when this was saved; it counts as up",
                          "0000:c1:00.0 does not say which NUMA node it is near",
                          "1 AMD GPU (0000:82:00.0): ranks are placed near NVIDIA GPUs only"));
}

TEST(SavedMachine, ANodeThatSpansPackagesIsInNone) {
  const auto machine = parse_synthetic_machine("[numa] package:2 core:2 pu:1");
  ASSERT_TRUE(machine.has_value());
  ASSERT_EQ(machine->numa_nodes.size(), 1U);
  EXPECT_EQ(machine->numa_nodes[0].package, std::nullopt);
}

std::vector<std::string> warnings_of(const Machine& machine) {
  std::vector<std::string> sentences;
  for (const MachineFinding& finding : machine.findings)
    if (finding.is_warning) sentences.push_back(to_string(finding));
  return sentences;
}

TEST(SavedMachine, AmdsAcceleratorsAreGpusWhateverTheirClass) {
  const std::string text = read_small_file(small_machine);
  const std::string display = "0380 [1002:74a1]";
  ASSERT_NE(text.find(display), std::string::npos);
  for (const char* device_class : {"0380", "1200", "0302"}) {
    std::string xml = text;
    xml.replace(xml.find(display), 4, device_class);
    const auto machine = parse_machine_xml(xml, "x.xml");
    ASSERT_TRUE(machine.has_value());
    EXPECT_THAT(warnings_of(*machine),
                ElementsAre("1 AMD GPU (0000:82:00.0): ranks are placed near NVIDIA GPUs only"))
        << device_class;
  }
  std::string xml = text;
  xml.replace(xml.find(display), 4, "0300");
  EXPECT_THAT(warnings_of(*parse_machine_xml(xml, "x.xml")), IsEmpty()) << "it may be the CPU's own";
}

TEST(SavedMachine, TextThatIsNoXmlIsRefused) {
  const auto machine = parse_machine_xml("<topology", "x.xml");
  ASSERT_FALSE(machine.has_value());
  EXPECT_EQ(machine.error().fault, Fault::configuration);
  EXPECT_EQ(machine.error().problems[0].where, "x.xml");
}

TEST(SavedMachine, AFileThatCrashesHwlocIsRefused) {
  std::string text = read_small_file(small_machine);
  const std::string whole = " complete_cpuset=\"0x000000ff\"";
  text.erase(text.find(whole), whole.size());
  EXPECT_EQ(parse_machine_xml(text, "x.xml").error(),
            (Error{Fault::configuration,
                   {{"x.xml", "is damaged: hwloc crashes when it reads it",
                     "save the topology again with lstopo"}}}));
}

TEST(ThisMachine, IsTheSameWithAndWithoutItsDevices) {
  const auto full = probe_machine({true});
  auto quick = probe_machine({false});
  ASSERT_TRUE(full.has_value());
  ASSERT_TRUE(quick.has_value());
  EXPECT_GT(full->processing_units, 0);
  EXPECT_EQ(full->processing_units, static_cast<int>(allowed_cpus(*full).size()));
  EXPECT_FALSE(full->host.empty());
  EXPECT_EQ(full->core_cpus, quick->core_cpus);
  EXPECT_EQ(full->numa_nodes, quick->numa_nodes);
  EXPECT_EQ(full->packages, quick->packages);
  EXPECT_THAT(quick->gpus, IsEmpty());
  EXPECT_THAT(quick->nics, IsEmpty());
  EXPECT_TRUE(full->has_devices);
  EXPECT_FALSE(quick->has_devices);
}

// Package 0 has no memory of its own; a GPU of each package has two NVLinks to its CPU, as on POWER9.
const std::string power9 = source_dir() / "tests/topology/nvlinks_to_cpus.xml";

TEST(SavedMachine, ItsCoresMayBelongToNoNumaNode) {
  const auto machine = read_machine_file(power9);
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(cpus_without_node(*machine), (IdSet{0, 1}));
  EXPECT_THAT(sentences_of(machine->findings),
              testing::Contains(
                  "CPUs 0-1 belong to no NUMA node: its memory is missing, offline or not allowed here"));
  const auto again = parse_machine_json(render_machine_json(*machine), "m.json");
  ASSERT_TRUE(again.has_value()) << again.error().problems[0].what;
  EXPECT_EQ(*again, *machine);
}

TEST(SavedMachine, NvlinksToItsCpusJoinNoGpus) {
  const auto machine = read_machine_file(power9);
  ASSERT_TRUE(machine.has_value());
  ASSERT_EQ(machine->gpus.size(), 2U);
  EXPECT_EQ(machine->gpu_gpu[0][1], "SYS");
}

TEST(SavedMachine, AFileOfHwloc3NamesTheFlagThatWritesVersion2) {
  EXPECT_EQ(
      parse_machine_xml("<?xml version=\"1.0\"?>\n<topology version=\"3.0\">\n</topology>\n", "m.xml")
          .error(),
      (Error{Fault::configuration,
             {{"m.xml", "was written by hwloc 3, and smlaunch reads with hwloc 2 here",
               "save it again with lstopo --export-xml-flags V2 FILE.xml, or give the JSON that smlaunch "
               "topology --format json prints"}}}));
}

TEST(ProbeMachine, AFileWithMoreGpusThanAnyMachineHasIsRefused) {
  const auto with_devices = [](int count, const char* type) {
    const std::string sets = R"(cpuset="0x1" complete_cpuset="0x1" nodeset="0x1" complete_nodeset="0x1" )";
    std::string xml =
        R"(<?xml version="1.0"?><topology version="2.0"><object type="Machine" os_index="0" )" + sets +
        R"(allowed_cpuset="0x1" allowed_nodeset="0x1" gp_index="1"><object type="NUMANode" os_index="0" )" +
        sets + R"(gp_index="2" local_memory="1"/><object type="PU" os_index="0" )" + sets +
        R"(gp_index="3"/>)";
    for (int i = 0; i < count; ++i)
      xml += fmt::format(
          R"(<object type="PCIDev" gp_index="{}" pci_busid="{:04x}:{:02x}:00.0" pci_type="{} [10de:16c1] a1" )"
          R"(pci_link_speed="0.0"/>)",
          10 + i, i / 256, i % 256, type);
    return parse_machine_xml(xml + "</object></topology>", "m.xml");
  };
  constexpr const char* gpu = "0302 [10de:2330]";
  const auto machine = with_devices(256, gpu);
  ASSERT_TRUE(machine);
  EXPECT_EQ(machine->gpus.size(), 256U);
  EXPECT_EQ(machine->gpu_gpu.size(), 256U);
  const auto refused = with_devices(257, gpu);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            (Error{Fault::configuration,
                   {{"m.xml", "holds 257 GPUs, which is more than any machine has: 256 at most",
                     "save the topology again with lstopo"}}}));
}

}  // namespace
}  // namespace smlaunch
