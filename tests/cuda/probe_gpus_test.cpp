// SPDX-License-Identifier: Apache-2.0
#include "cuda/probe_gpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Three GPUs and a NIC as the PCI bus shows them.
Machine bus() {
  Machine machine;
  for (const char* pci : {"0000:1a:00.0", "0000:3b:00.0", "0000:86:00.0"}) {
    Gpu gpu;
    gpu.index = static_cast<int>(machine.gpus.size());
    gpu.model = "GH100";
    gpu.pci = pci;
    gpu.numa = gpu.index / 2;
    gpu.usable = false;
    machine.gpus.push_back(gpu);
  }
  machine.nics.resize(1);
  machine.nics[0].name = "mlx5_0";
  machine.gpu_nic = {{Nearness::PIX}, {Nearness::PHB}, {Nearness::SYS}};
  machine.gpu_gpu = {{"X", "PIX", "SYS"}, {"PIX", "X", "NODE"}, {"SYS", "NODE", "X"}};
  return machine;
}

NvmlGpu told(int index, const char* pci, std::vector<std::string> peers = {}) {
  return {index, "NVIDIA H200", std::string("GPU-") + pci, pci, 141, false, std::move(peers)};
}

NvmlAnswer answer_of(std::vector<NvmlGpu> gpus) { return {DriverState::answered, {}, std::move(gpus), {}}; }

std::vector<std::string> pcis(const Machine& machine) {
  std::vector<std::string> all;
  for (const Gpu& gpu : machine.gpus) all.push_back(gpu.pci);
  return all;
}

TEST(GpuFacts, AreJoinedByPciIdWhateverTheOrder) {
  Machine machine = bus();
  add_gpu_facts(machine,
                answer_of({told(0, "0000:86:00.0"), told(1, "0000:1a:00.0"), told(2, "0000:3b:00.0")}), {});
  EXPECT_THAT(pcis(machine), ElementsAre("0000:86:00.0", "0000:1a:00.0", "0000:3b:00.0"));
  EXPECT_EQ(machine.usable_gpus(), 3);
  EXPECT_EQ(machine.gpus[0].numa, 1);
  EXPECT_EQ(machine.gpus[0].index, 0);
  EXPECT_EQ(machine.gpus[0].model, "NVIDIA H200");
  EXPECT_EQ(machine.gpus[0].uuid, "GPU-0000:86:00.0");
  EXPECT_EQ(machine.gpus[0].memory_bytes, 141U);
  EXPECT_THAT(machine.gpu_nic, ElementsAre(ElementsAre(Nearness::SYS), ElementsAre(Nearness::PIX),
                                           ElementsAre(Nearness::PHB)));
  EXPECT_THAT(machine.gpu_gpu[0], ElementsAre("X", "SYS", "NODE"));
  EXPECT_THAT(sentences_of(machine.findings), IsEmpty());
}

TEST(GpuFacts, AGpuWithoutADriverIsListedWithTheReason) {
  const std::vector<std::pair<NvmlAnswer, std::string>> cases = {
      {{DriverState::no_driver, {}, {}, {}}, "no NVIDIA driver is loaded"},
      {{DriverState::no_library, {}, {}, {}},
       "the NVIDIA driver is loaded, but its library libnvidia-ml.so.1 is not here"},
      {{DriverState::failed, "Driver/library version mismatch", {}, {}},
       "the NVIDIA driver does not answer: Driver/library version mismatch"},
      {answer_of({}), "the NVIDIA driver does not show it here: it is not among this container's GPUs"},
  };
  for (const auto& [answer, reason] : cases) {
    Machine machine = bus();
    add_gpu_facts(machine, answer, {"0000:3b:00.0"});
    EXPECT_EQ(machine.usable_gpus(), 0);
    EXPECT_EQ(to_string(machine.gpus[0].unusable_because), reason);
    EXPECT_EQ(to_string(machine.gpus[1].unusable_because), "it has fallen off the PCI bus");
  }
}

TEST(GpuFacts, AMachineWithoutGpusIsNothingToRemarkOn) {
  Machine machine;
  add_gpu_facts(machine, {}, {});
  EXPECT_EQ(machine, Machine{});
}

TEST(GpuFacts, MaskedGpusComeAfterThoseTheDriverShows) {
  Machine machine = bus();
  add_gpu_facts(machine, answer_of({told(0, "0000:86:00.0")}), {});
  EXPECT_THAT(pcis(machine), ElementsAre("0000:86:00.0", "0000:1a:00.0", "0000:3b:00.0"));
  EXPECT_EQ(machine.usable_gpus(), 1);
  EXPECT_EQ(machine.gpus[1].index, 1);
  EXPECT_EQ(machine.gpus[2].index, 2);
  EXPECT_EQ(to_string(machine.gpus[2].unusable_because),
            "the NVIDIA driver does not show it here: it is not among this container's GPUs");
}

TEST(GpuFacts, AGpuOnlyTheDriverKnowsIsAddedWithoutAPlace) {
  Machine machine = bus();
  add_gpu_facts(machine, answer_of({told(0, "0000:f0:00.0")}), {});
  ASSERT_EQ(machine.gpus.size(), 4U);
  EXPECT_EQ(machine.gpus[0].pci, "0000:f0:00.0");
  EXPECT_EQ(machine.gpus[0].numa, std::nullopt);
  EXPECT_TRUE(machine.gpus[0].usable);
  EXPECT_THAT(machine.gpu_gpu[0], ElementsAre("X", "SYS", "SYS", "SYS"));
  EXPECT_THAT(machine.gpu_gpu[1], ElementsAre("SYS", "X", "PIX", "SYS"));
  EXPECT_THAT(machine.gpu_nic[0], ElementsAre(Nearness::SYS));
  EXPECT_THAT(sentences_of(machine.findings),
              ElementsAre("0000:f0:00.0 is not on the PCI bus as seen here, so what it is near is unknown"));
}

TEST(GpuFacts, DirectNvlinksAreCountedPerPair) {
  Machine machine = bus();
  add_gpu_facts(machine,
                answer_of({told(0, "0000:1a:00.0", {"0000:3b:00.0", "0000:3b:00.0", "0000:86:00.0"}),
                           told(1, "0000:3b:00.0", {"0000:1a:00.0", "0000:1a:00.0"}),
                           told(2, "0000:86:00.0", {"0000:1a:00.0"})}),
                {});
  EXPECT_THAT(machine.gpu_gpu[0], ElementsAre("X", "NV2", "NV1"));
  EXPECT_THAT(machine.gpu_gpu[1], ElementsAre("NV2", "X", "NODE"));
  EXPECT_THAT(machine.gpu_gpu[2], ElementsAre("NV1", "NODE", "X"));
}

TEST(GpuFacts, LinksToSwitchesJoinAllGpusThatHaveThem) {
  Machine machine = bus();
  const std::vector<std::string> switches = {"", "0000:c1:00.0", "0000:c2:00.0"};
  add_gpu_facts(machine,
                answer_of({told(0, "0000:1a:00.0", switches), told(1, "0000:3b:00.0", switches),
                           told(2, "0000:86:00.0")}),
                {});
  EXPECT_THAT(machine.gpu_gpu[0], ElementsAre("X", "NV3", "SYS"));
}

TEST(GpuFacts, AGpuThatTheDriverCannotReachSaysSoItself) {
  Machine machine = bus();
  NvmlAnswer answer = answer_of({told(0, "0000:1a:00.0"), told(2, "0000:86:00.0")});
  answer.unreachable = {"GPU 1: GPU is lost"};
  add_gpu_facts(machine, answer, {});
  EXPECT_EQ(machine.gpus[2].pci, "0000:3b:00.0");
  EXPECT_EQ(to_string(machine.gpus[2].unusable_because),
            "the NVIDIA driver does not show it, and cannot reach GPU 1: GPU is lost");
  EXPECT_THAT(sentences_of(machine.findings),
              ElementsAre("the NVIDIA driver cannot reach GPU 1: GPU is lost"));
  EXPECT_FALSE(machine.findings.front().is_warning) << "the GPU itself says so";
  EXPECT_THAT(
      sentences_of(machine_warnings(machine)),
      ElementsAre("1 of its 3 GPUs cannot be used (0000:3b:00.0): the NVIDIA driver does not show it, "
                  "and cannot reach GPU 1: GPU is lost"));
}

TEST(GpuFacts, AnUnreachableGpuThatIsNotOnTheBusIsAWarning) {
  Machine machine;
  NvmlAnswer answer = answer_of({});
  answer.unreachable = {"GPU 0: GPU is lost"};
  add_gpu_facts(machine, answer, {});
  EXPECT_THAT(sentences_of(machine_warnings(machine)),
              ElementsAre("the NVIDIA driver cannot reach GPU 0: GPU is lost"));
}

TEST(GpuFacts, ABrokenDriverIsAWarningWhereThereIsNoGpuToSayIt) {
  const std::pair<NvmlAnswer, const char*> cases[] = {
      {{DriverState::failed, "Driver/library version mismatch", {}, {}},
       "no GPU is on the PCI bus as seen here, and the NVIDIA driver does not answer: Driver/library version "
       "mismatch"},
      {{DriverState::no_library, {}, {}, {}},
       "no GPU is on the PCI bus as seen here, and the NVIDIA driver is loaded, but its library "
       "libnvidia-ml.so.1 is not here"}};
  for (const auto& [answer, sentence] : cases) {
    Machine machine;
    add_gpu_facts(machine, answer, {});
    EXPECT_THAT(sentences_of(machine_warnings(machine)), ElementsAre(sentence));
  }
}

Machine with_mig() {
  Machine machine = bus();
  NvmlAnswer answer = answer_of({told(0, "0000:1a:00.0"), told(1, "0000:3b:00.0"), told(2, "0000:86:00.0")});
  answer.gpus[1].mig = true;
  answer.gpus[1].mig_instances = {"MIG-1", "MIG-2"};
  add_gpu_facts(machine, answer, {});
  return machine;
}

TEST(GpuFacts, CudaGivesOneInstanceOfADividedGpuAndNothingElse) {
  Machine machine = with_mig();
  EXPECT_THAT(pcis(machine), ElementsAre("0000:1a:00.0", "0000:3b:00.0", "0000:86:00.0"));
  EXPECT_EQ(machine.gpus[1].index, 1);
  EXPECT_EQ(to_string(machine.gpus[1].unusable_because),
            "it is cut into MIG instances, and CUDA gives a process only one of them");
  EXPECT_THAT(sentences_of(machine.findings),
              ElementsAre("GPU 1 (0000:3b:00.0) is cut into 2 MIG instances: CUDA gives a "
                          "process one instance and no other GPU beside it"));
  apply_visible_devices(machine, std::nullopt, "");
  EXPECT_EQ(machine.usable_gpus(), 1);
  EXPECT_THAT(pcis(machine), ElementsAre("0000:3b:00.0", "0000:1a:00.0", "0000:86:00.0"));
  EXPECT_EQ(to_string(machine.gpus[1].unusable_because),
            "CUDA gives a process one MIG instance and no other GPU beside it");
  machine = with_mig();
  apply_visible_devices(machine, "MIG-2", "");
  EXPECT_EQ(machine.usable_gpus(), 1);
  EXPECT_EQ(machine.gpus[0].pci, "0000:3b:00.0");
  EXPECT_EQ(to_string(machine.gpus[0].unusable_because), "");
  EXPECT_EQ(to_string(machine.gpus[1].unusable_because), "CUDA_VISIBLE_DEVICES leaves it out");
}

TEST(GpuFacts, AGpuWithoutOneOfTheInstancesItIsSetUpForIsLeftOut) {
  Machine machine = bus();
  NvmlAnswer answer = answer_of({told(0, "0000:1a:00.0"), told(1, "0000:3b:00.0")});
  answer.gpus[0].mig = true;
  add_gpu_facts(machine, answer, {});
  apply_visible_devices(machine, std::nullopt, "");
  EXPECT_EQ(machine.usable_gpus(), 1);
  EXPECT_TRUE(machine.gpus[1].usable);
}

TEST(GpuFacts, NumbersCountTheDividedGpuToo) {
  Machine machine = with_mig();
  apply_visible_devices(machine, "2", "");
  EXPECT_EQ(machine.gpus[0].pci, "0000:86:00.0");
  EXPECT_EQ(machine.usable_gpus(), 1);
  machine = with_mig();
  apply_visible_devices(machine, "1", "");
  EXPECT_EQ(machine.gpus[0].pci, "0000:3b:00.0");
  EXPECT_EQ(machine.usable_gpus(), 1);
  EXPECT_TRUE(std::none_of(machine.findings.begin(), machine.findings.end(),
                           [](const MachineFinding& finding) { return finding.is_warning; }));
}

Machine three_usable() {
  Machine machine = bus();
  add_gpu_facts(machine,
                answer_of({told(0, "0000:1a:00.0"), told(1, "0000:3b:00.0"), told(2, "0000:86:00.0")}), {});
  return machine;
}

TEST(VisibleGpus, ComeFirstInCudasOrderAndTheOthersAreUnusable) {
  Machine machine = three_usable();
  apply_visible_devices(machine, "2,0", "");
  EXPECT_THAT(pcis(machine), ElementsAre("0000:86:00.0", "0000:1a:00.0", "0000:3b:00.0"));
  EXPECT_EQ(machine.usable_gpus(), 2);
  EXPECT_EQ(machine.gpus[0].index, 2) << "the driver's number stays";
  EXPECT_EQ(to_string(machine.gpus[2].unusable_because), "CUDA_VISIBLE_DEVICES leaves it out");
  EXPECT_THAT(machine.gpu_gpu[0], ElementsAre("X", "SYS", "NODE"));
  EXPECT_THAT(machine.gpu_nic[0], ElementsAre(Nearness::SYS));
}

TEST(VisibleGpus, AreAllWithoutTheVariableAndNoneWhenItIsEmpty) {
  Machine machine = three_usable();
  apply_visible_devices(machine, std::nullopt, "");
  EXPECT_EQ(machine, three_usable());
  apply_visible_devices(machine, "", "");
  EXPECT_EQ(machine.usable_gpus(), 0);
}

TEST(VisibleGpus, ABadEntryIsAFinding) {
  Machine machine = three_usable();
  apply_visible_devices(machine, "1,7", "");
  EXPECT_EQ(machine.usable_gpus(), 1);
  EXPECT_THAT(sentences_of(machine.findings),
              ElementsAre("CUDA_VISIBLE_DEVICES: '7' names none of this machine's GPUs, so CUDA "
                          "ignores it and what follows it"));
}

TEST(VisibleGpus, DifferentModelsAreAFindingUnlessTheOrderIsFixed) {
  Machine machine = three_usable();
  machine.gpus[1].model = "NVIDIA L4";
  Machine ordered = machine;
  apply_visible_devices(machine, std::nullopt, "");
  EXPECT_THAT(sentences_of(machine.findings),
              ElementsAre("its GPUs are of different models, and CUDA counts the fastest first: set "
                          "CUDA_DEVICE_ORDER=PCI_BUS_ID, so that local rank and GPU agree"));
  apply_visible_devices(ordered, std::nullopt, "PCI_BUS_ID");
  EXPECT_THAT(sentences_of(ordered.findings), IsEmpty());
}

TEST(ProbeGpus, ThisMachineAnswersWithOrWithoutADriver) {
  const auto machine = probe_machine_with_gpus();
  ASSERT_TRUE(machine.has_value());
  for (const Gpu& gpu : machine->gpus)
    EXPECT_EQ(gpu.usable, gpu.unusable_because == UnusableReason{}) << gpu.pci;
  EXPECT_EQ(machine->gpu_gpu.size(), machine->gpus.size());
}

TEST(ProbeGpus, AMachineWhoseGpusAreInDifferentNvlinkDomainsSaysSo) {
  Machine machine = bus();
  NvmlAnswer answer = answer_of({told(0, "0000:1a:00.0"), told(1, "0000:3b:00.0"), told(2, "0000:86:00.0")});
  const std::string rack = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
  for (NvmlGpu& gpu : answer.gpus) gpu.domain = NvlinkDomain{.cluster = rack, .clique = 1};
  add_gpu_facts(machine, answer, {});
  EXPECT_EQ(machine.gpus[2].domain, (NvlinkDomain{.cluster = rack, .clique = 1}));
  EXPECT_THAT(machine_warnings(machine), IsEmpty());
  answer.gpus[1].domain->clique = 2;
  machine = bus();
  add_gpu_facts(machine, answer, {});
  EXPECT_THAT(sentences_of(machine_warnings(machine)),
              ElementsAre("its GPUs are in different NVLink domains, so the host counts as in none"));
}

}  // namespace
}  // namespace smlaunch
