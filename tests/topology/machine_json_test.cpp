// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

#include "base/read_file.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/topology/made_up_machine.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;

constexpr const char* remedy = "compare it with what smlaunch topology --format json prints";

// "where: what" of everything wrong with a text.
std::vector<std::string> problems(std::string_view text) {
  std::vector<std::string> all;
  const auto machine = parse_machine_json(text, "m.json");
  if (machine) return all;
  EXPECT_EQ(machine.error().fault, Fault::configuration);
  for (const Problem& problem : machine.error().problems) {
    EXPECT_EQ(problem.remedy, remedy);
    all.push_back(problem.where + ": " + problem.what);
  }
  return all;
}

TEST(MachineJson, KeepsTheNvlinkDomainOfEachGpu) {
  Machine machine = make_machine({1, 2, 1, {0, 0}, {}});
  machine.gpus[0].domain = NvlinkDomain{.cluster = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", .clique = 4294967295U};
  const std::string text = render_machine_json(machine);
  const auto read = parse_machine_json(text, "m.json");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->gpus[0].domain, machine.gpus[0].domain);
  EXPECT_EQ(read->gpus[1].domain, std::nullopt) << "as in files of older versions";
}

TEST(MachineJson, RefusesWhatIsNoNvlinkDomain) {
  const auto problem_of = [](const std::string& domain) {
    return problems(R"({"schema": "smlaunch.topology/1", "numa_nodes": [], "gpus": [{"nvlink_domain": )" +
                    domain + "}]}");
  };
  EXPECT_THAT(problem_of("7"), ElementsAre("m.json: gpus[0].nvlink_domain: must be an object"));
  EXPECT_THAT(
      problem_of(R"({"cluster": "00", "clique": 1})"),
      ElementsAre("m.json: gpus[0].nvlink_domain.cluster: must be 32 hexadecimal digits, not all of them 0"));
  EXPECT_THAT(problem_of(R"({"cluster": "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "clique": 4294967296})"),
              ElementsAre("m.json: gpus[0].nvlink_domain.clique: must be below 4294967296"));
  EXPECT_TRUE(problem_of("null").empty());
}

TEST(MachineJson, HasTheKeysThatWerePromised) {
  Machine machine = make_machine({1, 2, 2, {0}, {0}});
  machine.gpus[0].usable = false;
  machine.gpus[0].unusable_because = {UnusableKind::no_driver};
  machine.gpus[0].numa.reset();
  EXPECT_EQ(render_machine_json(machine), R"({
  "schema": "smlaunch.topology/1",
  "host": "made-up",
  "packages": 1,
  "cores": 2,
  "processing_units": 4,
  "numa_nodes": [
    {
      "os_index": 0,
      "cpus": "0-3",
      "memory_bytes": 17179869184,
      "package": 0
    }
  ],
  "gpus": [
    {
      "index": 0,
      "model": "NVIDIA H200",
      "uuid": "GPU-0",
      "pci": "0000:10:00.0",
      "numa": null,
      "cpus": "0-3",
      "memory_bytes": 0,
      "usable": false,
      "unusable_because": "no NVIDIA driver is loaded",
      "unusable_kind": "no_driver"
    }
  ],
  "nics": [
    {
      "name": "mlx5_0",
      "kind": "infiniband",
      "pci": "",
      "numa": 0,
      "link_up": true
    }
  ],
  "gpu_nic": [
    [
      "PIX"
    ]
  ],
  "gpu_gpu": [
    [
      "X"
    ]
  ],
  "core_cpus": [
    "0,2",
    "1,3"
  ],
  "findings": []
}
)");
}

TEST(MachineJson, IsReadAsItWasWritten) {
  std::vector<Machine> machines = {Machine{}, make_machine({2, 4, 2, {1, 0, 0}, {0, 1}})};
  machines[1].findings = {{.subject = "something \"odd\""}};
  machines[1].gpus[2].usable = false;
  machines[1].gpus[2].unusable_because = {UnusableKind::no_driver};
  machines[1].gpus[1].numa.reset();
  machines[1].gpu_gpu[0][1] = "PXB";
  machines[1].nics[0].kind = NicKind::efa;
  machines[1].nics[1].link_up = false;
  const auto probed = probe_machine(ProbeRequest{});
  ASSERT_TRUE(probed.has_value());
  machines.push_back(*probed);
  for (const Machine& machine : machines) {
    const auto read = parse_machine_json(render_machine_json(machine), "m.json");
    ASSERT_TRUE(read.has_value()) << read.error().problems[0].where << ": " << read.error().problems[0].what;
    EXPECT_EQ(*read, machine);
  }
}

TEST(MachineJson, CoresOutsideAllNumaNodesComeBack) {
  Machine machine = make_machine({2, 2, 1, {}, {}});
  machine.numa_nodes.erase(machine.numa_nodes.begin());
  EXPECT_EQ(cpus_without_node(machine), (IdSet{0, 1}));
  const std::string text = render_machine_json(machine);
  EXPECT_THAT(text, testing::HasSubstr("\"cpus_without_node\": \"0-1\""));
  const auto read = parse_machine_json(text, "m.json");
  ASSERT_TRUE(read.has_value()) << read.error().problems[0].what;
  EXPECT_EQ(*read, machine);
}

TEST(MachineJson, LittleIsNeededAndUnknownKeysAreAccepted) {
  const auto machine = parse_machine_json(R"({"schema": "smlaunch.topology/1", "colour": "green",
      "cores": 2, "processing_units": 4, "numa_nodes": [{"cpus": "0-3"}],
      "gpus": [{"numa": 0}, {}], "nics": [{"name": "eth0", "speed": 100}]})",
                                          "m.json");
  ASSERT_TRUE(machine.has_value());
  EXPECT_THAT(machine->core_cpus, ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)))
      << "as Linux numbers threads";
  EXPECT_EQ(machine->usable_gpus(), 2);
  EXPECT_EQ(machine->gpus[1].index, 1);
  EXPECT_EQ(machine->gpu_gpu[0], (std::vector<std::string>{"X", "SYS"}));
  EXPECT_EQ(machine->gpu_nic[0], std::vector<Nearness>{Nearness::SYS});

  const auto plain =
      parse_machine_json(R"({"schema": "smlaunch.topology/1", "numa_nodes": [{"cpus": "0-2"}]})", "");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->cores, 3);
  EXPECT_EQ(plain->processing_units, 3);
}

TEST(MachineJson, EveryMistakeIsNamedWithItsPath) {
  EXPECT_THAT(
      problems(R"({"schema": "smlaunch.topology/2", "host": 5, "cores": -1, "packages": 2000000,
      "numa_nodes": [{"cpus": "0-3"}, {"os_index": 1, "cpus": "3-"},
      {"os_index": 2, "cpus": "2-4"}, 7],
      "gpus": [{"numa": 9, "usable": "yes", "memory_bytes": 1.5}, {"cpus": 3}],
      "nics": [{"kind": "token ring", "link_up": 1}],
      "gpu_nic": [["PIX"], ["NEAR"]], "gpu_gpu": [["X", "NV"]],
      "core_cpus": ["0", "0,1", 2], "cpu_quota": 0, "findings": [1]})"),
      ElementsAre(
          "m.json: schema: must be \"smlaunch.topology/1\"",  //
          "m.json: host: must be a string",                   //
          "m.json: packages: is larger than any machine has",
          "m.json: cores: must be a whole number, 0 or more", "m.json: cpu_quota: must be a number above 0",
          "m.json: numa_nodes[1].cpus: must be a list of CPUs such as \"0-15,32\", none of them above 16383",
          "m.json: numa_nodes[2].cpus: CPUs 2-3 are in two NUMA nodes",
          "m.json: numa_nodes[3]: must be an object",
          "m.json: gpus[0].memory_bytes: must be a whole number, 0 or more",
          "m.json: gpus[0].usable: must be true or false", "m.json: gpus[0].numa: 9 is not among numa_nodes",
          "m.json: gpus[1].cpus: must be a list of CPUs such as \"0-15,32\", none of them above 16383",
          "m.json: nics[0].link_up: must be true or false",
          "m.json: nics[0].kind: must be one of ethernet, infiniband, efa",
          "m.json: gpu_nic[1][0]: must be one of PIX, PXB, PHB, NODE, SYS",
          "m.json: gpu_gpu[0][1]: must be one of X, NV#, PIX, PXB, PHB, NODE, SYS",
          "m.json: gpu_gpu: must be a list of 2 lists, one for each GPU",
          "m.json: core_cpus[1]: CPUs 0 are in two cores",
          "m.json: core_cpus[2]: must be a list of CPUs such as \"0-15,32\", none of them above 16383",
          "m.json: findings[0]: must be a string"));
}

// The relations of 8000 GPUs among each other would take 64 million words, for a text of 80 KB.
TEST(MachineJson, MoreOfAKindThanAnyMachineHasIsRefused) {
  const auto list_of = [](std::size_t count, const std::string& element) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "[" : ",") + element;
    return list + "]";
  };
  const auto with = [&](const std::string& key, const std::string& value) {
    return problems(R"({"schema": "smlaunch.topology/1", "numa_nodes": [{"cpus": "0-3"}], ")" + key +
                    "\": " + value + "}");
  };
  const auto refused = [](const std::string& key, int count, int most) {
    return testing::ElementsAre(fmt::format(
        "m.json: {}: is a list of {}, which is more than any machine has: {} at most", key, count, most));
  };
  EXPECT_THAT(with("gpus", list_of(8000, "{\"x\": 1}")), refused("gpus", 8000, 256));
  EXPECT_THAT(with("nics", list_of(4097, "{}")), refused("nics", 4097, 4096));
  EXPECT_THAT(with("core_cpus", list_of(16385, "\"\"")), refused("core_cpus", 16385, 16384));
  EXPECT_THAT(with("interfaces", list_of(16385, "{}")), refused("interfaces", 16385, 16384));
  EXPECT_THAT(problems(R"({"schema": "smlaunch.topology/1", "numa_nodes": )" + list_of(1025, "{}") + "}"),
              refused("numa_nodes", 1025, 1024));
  EXPECT_THAT(with("gpus", list_of(256, "{}")), testing::IsEmpty());
  EXPECT_THAT(with("nics", list_of(4096, "{}")), testing::IsEmpty());
  EXPECT_THAT(with("cpus_without_node", "\"16383\""), testing::IsEmpty());
  EXPECT_THAT(
      with("cpus_without_node", "\"4,7-16384\""),
      testing::ElementsAre(
          "m.json: cpus_without_node: must be a list of CPUs such as \"0-15,32\", none of them above 16383"));
}

TEST(MachineJson, ATextThatIsNoMachineIsRefused) {
  EXPECT_THAT(problems("[]"), ElementsAre("m.json: must be a JSON object"));
  EXPECT_THAT(problems("{}"), ElementsAre("m.json: schema: must be \"smlaunch.topology/1\"",
                                          "m.json: numa_nodes: is missing"));
  EXPECT_THAT(problems(R"({"schema": "smlaunch.topology/1", "numa_nodes": {}})"),
              ElementsAre("m.json: numa_nodes: must be a list"));
  EXPECT_THAT(
      problems(R"({"schema": "smlaunch.topology/1", "numa_nodes": [], "gpus": [{}], "gpu_nic": [["PIX"]]})"),
      ElementsAre("m.json: gpu_nic[0]: must be a list of 0 words"));
  const auto cut = problems("{\"schema\": ");
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_THAT(cut[0], testing::StartsWith("m.json: is not JSON: parse error at line 1, column 12"));
}

TEST(MachineFile, IsXmlOrJsonByItsFirstCharacter) {
  const std::string folder = testing::TempDir();
  const auto write = [&](const char* name, const std::string& text) {
    const std::string path = folder + "/" + name;
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fputs(text.c_str(), file);
    std::fclose(file);
    return path;
  };
  const Machine machine = make_machine({2, 2, 1, {0}, {}});
  const std::string json = write("machine.json", "\n " + render_machine_json(machine));
  EXPECT_EQ(read_machine_file(json).value(), machine);
  const auto xml = read_machine_file(source_dir() / "tests/topology/small_machine.xml");
  ASSERT_TRUE(xml.has_value());
  EXPECT_EQ(xml->host, "small");
  const auto nothing = read_machine_file("/there/is/no/such.json");
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error(), (Error{Fault::configuration,
                                    {{"/there/is/no/such.json", "cannot be read: No such file or directory",
                                      "name a file that is there and readable"}}}));
  EXPECT_EQ(read_machine_file(write("empty.json", " \n")).error().problems[0].what, "is empty");
  EXPECT_EQ(read_machine_file(folder).error().problems[0].what, "cannot be read: Is a directory");
}

TEST(MachineFile, MayBeAPipeButNotEndless) {
  for (const std::string& text : {render_machine_json(make_machine({1, 2, 1, {}, {}})),
                                  read_small_file(source_dir() / "tests/topology/small_machine.xml")}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    std::thread writer([&] {
      std::FILE* to = fdopen(ends[1], "w");
      std::fputs(text.c_str(), to);
      std::fclose(to);
    });
    const auto machine = read_machine_file(fmt::format("/dev/fd/{}", ends[0]));
    writer.join();
    close(ends[0]);
    EXPECT_TRUE(machine.has_value());
  }
  EXPECT_EQ(read_machine_file("/dev/zero").error(),
            (Error{Fault::configuration,
                   {{"/dev/zero", "is a device, not a file", "name a file that is there and readable"}}}));
}

TEST(MachineJson, AMachineThatContradictsItselfIsRefused) {
  const std::string begin = R"({"schema": "smlaunch.topology/1", "numa_nodes": [{"cpus": "0-3"}], )";
  const std::pair<const char*, const char*> cases[] = {
      {R"("gpus": [{"pci": "0000:03:00.0"}, {"pci": "0000:03:00.0"}]})",
       "m.json: gpus[1].pci: 0000:03:00.0 is the PCI id of another device too"},
      {R"("gpus": [{"pci": "0000:03:00.0"}], "nics": [{"pci": "0000:03:00.0"}]})",
       "m.json: nics[0].pci: 0000:03:00.0 is the PCI id of another device too"},
      {R"("gpus": [{"index": 1}, {"index": 1}]})",
       "m.json: gpus[1].index: 1 is the index of another GPU too"},
      {R"("gpus": [{}], "gpu_gpu": [["SYS"]]})",
       "m.json: gpu_gpu[0][0]: must be X: it is one and the same device"},
      {R"("gpus": [{}, {}], "gpu_gpu": [["X", "X"], ["SYS", "X"]]})",
       "m.json: gpu_gpu[0][1]: must not be X: they are two devices"},
      {R"("nics": [{}], "nic_nic": [["PIX"]]})",
       "m.json: nic_nic[0][0]: must be X: it is one and the same device"},
      {R"("nics": [{}], "nic_nic": []})", "m.json: nic_nic: must be a list of 1 lists, one for each NIC"},
      {R"("core_cpus": ["0,1", "3-5"]})", "m.json: core_cpus[1]: CPUs 4-5 are in no NUMA node"}};
  for (const auto& [rest, problem] : cases) EXPECT_THAT(problems(begin + rest), ElementsAre(problem));
}

TEST(MachineJson, InterfacesVersionsAndLinksComeBack) {
  Machine machine = make_machine({1, 2, 1, {0}, {0}});
  machine.interfaces = {{"eth0", true, {"10.0.0.1", "fe80::1"}}, {"eth1", false, {}}};
  machine.versions = {{"driver", "550.54.15"}, {"nccl", "2.18.5"}};
  machine.gpus[0].link = {16, 5};
  machine.nics[0].link = {8, 4};
  machine.nics[0].gigabits = 400;
  machine.nic_nic = {{"X"}};
  machine.cpu_quota = 1.5;
  machine.has_devices = false;
  machine.gpus[0].mig_instances = {"MIG-1", "MIG-2"};
  machine.numa_nodes[0].package = 3;
  machine.interfaces[0].subnets = {"10.0.0.0/24", "fe80::/64"};
  machine.interfaces[1].has_carrier = false;
  machine.interfaces[1].is_inner = true;
  warn(machine, {.subject = "something is wrong"});
  warn(machine, {.kind = FindingKind::cpu_quota, .subject = "1.5", .total = 4});
  warn(machine, {.kind = FindingKind::no_gpu_seen, .because = {UnusableKind::driver_fails, "mismatch"}});
  machine.findings.push_back({.kind = FindingKind::link_down, .subject = "mlx5_0"});
  machine.gpus[0].usable = false;
  machine.gpus[0].unusable_because = {UnusableKind::driver_fails, "mismatch"};
  const auto back = parse_machine_json(render_machine_json(machine), "here");
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, machine);
  const auto wrong = parse_machine_json(
      R"({"schema": "smlaunch.topology/1", "numa_nodes": [], "interfaces": [{"addresses": [7]}], "versions": {"nccl": 2}})",
      "here");
  ASSERT_FALSE(wrong);
  ASSERT_EQ(wrong.error().problems.size(), 2U);
  EXPECT_EQ(wrong.error().problems[0].where, "here: interfaces[0].addresses[0]");
  EXPECT_EQ(wrong.error().problems[1].where, "here: versions.nccl");
}

constexpr const char* schema_and_nodes = R"("schema": "smlaunch.topology/1", "numa_nodes": [])";

TEST(MachineJson, TheSentencesOfAnOlderVersionAreKept) {
  const auto machine = parse_machine_json(
      fmt::format(R"({{{}, "gpus": [{{"pci": "a", "usable": false, "unusable_because": "it is shy"}},
                                    {{"pci": "b", "usable": false, "unusable_because": ""}}],
                      "findings": ["eth1 is down", "the quota is small"],
                      "warnings": ["the quota is small", "by hand"]}})",
                  schema_and_nodes),
      "here");
  ASSERT_TRUE(machine) << machine.error().problems.front().what;
  EXPECT_EQ(machine->gpus[0].unusable_because, (UnusableReason{UnusableKind::other, "it is shy"}));
  EXPECT_EQ(machine->gpus[1].unusable_because, UnusableReason{});
  EXPECT_EQ(sentences_of(machine->findings),
            (std::vector<std::string>{"eth1 is down", "the quota is small", "by hand"}));
  EXPECT_EQ(sentences_of(machine_warnings(*machine)),
            (std::vector<std::string>{"1 of its 2 GPUs cannot be used (b): no reason was given",
                                      "1 of its 2 GPUs cannot be used (a): it is shy", "the quota is small",
                                      "by hand"}));
}

TEST(MachineJson, AnOlderVersionFindsTheSentences) {
  Machine machine = make_machine({1, 2, 1, {}, {}});
  machine.findings = {{.kind = FindingKind::link_down, .subject = "mlx5_0"}};
  warn(machine, {.kind = FindingKind::cpu_quota, .subject = "1.5", .total = 4});
  const std::string text = render_machine_json(machine);
  EXPECT_NE(
      text.find("\"findings\": [\n    \"the link of mlx5_0 is down\",\n    \"the container's CPU quota"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("\"warnings\": [\n    \"the container's CPU quota"), std::string::npos) << text;
}

TEST(MachineJson, AFindingOfANewerVersionIsItsSentence) {
  const auto machine =
      parse_machine_json(fmt::format(R"({{{}, "findings": ["the link of mlx5_0 is down", "the moon is full"],
                      "finding_facts": [{{"kind": "link_down", "warning": false, "subject": "mlx5_0"}},
                                        {{"kind": "moon", "warning": true, "subject": "full"}}]}})",
                                     schema_and_nodes),
                         "here");
  ASSERT_TRUE(machine) << machine.error().problems.front().what;
  EXPECT_EQ(machine->findings,
            (std::vector<MachineFinding>{{.kind = FindingKind::link_down, .subject = "mlx5_0"},
                                         {.is_warning = true, .subject = "the moon is full"}}));
}

}  // namespace
}  // namespace smlaunch
