// SPDX-License-Identifier: Apache-2.0
// Each case binds a child of its own, so that the test program stays as it was.
#include "topology/bind.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

// What a child that binds itself reads back: "CPUS|NODES|notes", or the error.
std::string bound(const IdSet& cpus, const IdSet& numa) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const auto binding = bind_current_process(cpus, numa);
    std::string text = binding ? fmt::format("{}|{}", to_string(binding->cpus), to_string(binding->numa))
                               : binding.error().problems[0].where + ": " + binding.error().problems[0].what;
    if (binding) {
      for (const BindingNote& note : binding->notes) text += "|" + to_string(note);
    }
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, 4096> text{};
  const ssize_t got = read(ends[0], text.data(), text.size());
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return {text.data(), static_cast<std::size_t>(got < 0 ? 0 : got)};
}

TEST(Bind, TheCpusThatWereAskedForAreReadBack) {
  const auto machine = probe_machine({false});
  ASSERT_TRUE(machine.has_value());
  for (const int cpu : allowed_cpus(*machine)) {
    EXPECT_EQ(bound({cpu}, {}).substr(0, to_string(IdSet{cpu}).size() + 1), to_string(IdSet{cpu}) + "|");
  }
}

TEST(Bind, ARequestForNothingChangesNothing) {
  const auto machine = probe_machine({false});
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(bound({}, {}), to_string(allowed_cpus(*machine)) + "|");
}

TEST(Bind, IfTheKernelRefusesTheRealCpusAreTold) {
  const auto machine = probe_machine({false});
  ASSERT_TRUE(machine.has_value());
  const std::string begin = to_string(allowed_cpus(*machine)) + "||the kernel refuses to bind it there: ";
  EXPECT_EQ(bound({100'000}, {0}).substr(0, begin.size()), begin) << "nor is its memory, beside other CPUs";
}

TEST(Bind, MemoryIsBoundOrANoteSaysWhyNot) {
  const auto machine = probe_machine({false});
  ASSERT_TRUE(machine.has_value());
  ASSERT_FALSE(machine->numa_nodes.empty());
  const int node = machine->numa_nodes[0].os_index;
  const std::string text = bound({}, {node});
  const std::string cpus = to_string(allowed_cpus(*machine));
  const bool is_bound = text == fmt::format("{}|{}", cpus, node);
  const bool is_noted =
      text.find(fmt::format("|memory is not bound to NUMA nodes {}: ", node)) != std::string::npos;
  EXPECT_NE(is_bound, is_noted) << text;
}

TEST(Bind, ANodeWithoutMemoryIsANoteAndNotAnError) {
  const auto machine = probe_machine({false});
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(bound({}, {1000}),
            to_string(allowed_cpus(*machine)) +
                "||asked for memory of NUMA nodes 1000, this process may use memory of none");
}

TEST(BindingNote, IsASentenceAndItsKindIsReadAsItIsWritten) {
  using enum BindingNoteKind;
  const std::pair<BindingNote, const char*> cases[] = {
      {{cpus_refused, "", "", EINVAL}, "the kernel refuses to bind it there: Invalid argument"},
      {{other_cpus, "0-3", "0", 0}, "asked for CPUs 0-3, the kernel gave 0"},
      {{other_cpus, "0-3", "", 0}, "asked for CPUs 0-3, the kernel gave others, which it does not name"},
      {{no_memory, "1", "", 0}, "asked for memory of NUMA nodes 1, this process may use memory of none"},
      {{memory_refused, "1", "", EPERM}, "memory is not bound to NUMA nodes 1: Operation not permitted"},
      {{other_memory, "0-1", "0", 0}, "asked for memory of NUMA nodes 0-1, the kernel gave 0"},
      {{not_read, "", "", 0}, "hwloc cannot read its topology"}};
  for (const auto& [note, sentence] : cases) {
    EXPECT_EQ(to_string(note), sentence);
    EXPECT_EQ(parse_binding_note_kind(to_string(note.kind)), note.kind);
  }
  EXPECT_EQ(parse_binding_note_kind("moon"), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
