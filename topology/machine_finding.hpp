// SPDX-License-Identifier: Apache-2.0
// What is odd about a machine, as values: equal findings of several hosts are told once. The sentences are
// made last.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// Why a job cannot use a GPU. Warnings about a machine's GPUs stand in this order.
enum class UnusableKind {
  not_told,
  beside_instance,       // CUDA gives a process one MIG instance and nothing else
  left_out,              // by CUDA_VISIBLE_DEVICES
  off_the_bus,           // it no longer answers
  divided,               // into MIG instances
  unknown_when_saved,    // the saved machine had no driver
  no_driver,             // none is loaded
  driver_fails,          // words: the driver's error
  not_shown,             // the driver shows other GPUs only
  not_shown_and_others,  // the same; words: the GPUs that the driver cannot reach
  no_library,            // a driver without its library
  not_asked,             // nobody has asked the driver
  other                  // words: the whole reason, from a file of another version
};
std::string to_string(UnusableKind kind);
std::optional<UnusableKind> parse_unusable_kind(std::string_view text);

struct UnusableReason {
  UnusableKind kind = UnusableKind::not_told;
  std::string words = {};
  auto operator<=>(const UnusableReason&) const = default;
};
// "no NVIDIA driver is loaded"; empty: nobody has told
std::string to_string(const UnusableReason& reason);

// `subject`, `count` and `total` of a finding are named here, where it has them.
enum class FindingKind {
  unusable_gpus,               // subject: "0000:3b:00.0, GPU 3"; count of total; because
  unreachable_gpu,             // subject: the driver's words, "GPU 1: GPU is lost"
  no_gpu_seen,                 // because: what is wrong with the driver
  divided_gpu,                 // subject: "GPU 1 (0000:3b:00.0)"; count: MIG instances
  gpu_without_place,           // subject: its PCI id, which the driver alone knows
  gpu_without_node,            // subject: its PCI id
  mixed_gpus,                  // of different models
  several_domains,             // its GPUs are in different NVLink domains
  visible_no_instance,         // subject: an entry of CUDA_VISIBLE_DEVICES, here and below
  visible_beside_instance,     // MIG instances stand alone
  visible_no_gpu,              // it names none
  visible_twice,               // it names one again
  visible_without_instances,   // it names one that is set up for instances and has none
  amd_gpus,                    // subject: PCI ids; count
  link_down,                   // subject: a NIC
  link_was_down,               // subject: a NIC; when the machine was saved
  cpu_quota,                   // subject: the quota in CPUs, "1.5"; total: hardware threads
  few_cpus,                    // subject: CPUs; count of total hardware threads may be used
  cpus_without_node,           // subject: CPUs
  node_without_cpus,           // subject: the NUMA node's number, here and below
  node_without_memory,         // it has none
  node_with_forbidden_memory,  // this process may not use it
  other                        // subject: the whole sentence, from a file of another version
};
std::string to_string(FindingKind kind);
std::optional<FindingKind> parse_finding_kind(std::string_view text);

struct MachineFinding {
  FindingKind kind = FindingKind::other;
  bool is_warning = false;  // a job on the machine should know it
  std::string subject = {};
  int count = 0;
  int total = 0;
  UnusableReason because = {};
  auto operator<=>(const MachineFinding&) const = default;
};
// "the link of mlx5_0 is down"
std::string to_string(const MachineFinding& finding);

// The sentence of each, in their order.
std::vector<std::string> sentences_of(const std::vector<MachineFinding>& findings);

}  // namespace smlaunch
