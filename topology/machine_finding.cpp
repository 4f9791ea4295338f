// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_finding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace smlaunch {
namespace {

// The words that files and the channel carry.
constexpr std::pair<UnusableKind, const char*> unusable_words[] = {
    {UnusableKind::not_told, "not_told"},
    {UnusableKind::beside_instance, "beside_instance"},
    {UnusableKind::left_out, "left_out"},
    {UnusableKind::off_the_bus, "off_the_bus"},
    {UnusableKind::divided, "divided"},
    {UnusableKind::unknown_when_saved, "unknown_when_saved"},
    {UnusableKind::no_driver, "no_driver"},
    {UnusableKind::driver_fails, "driver_fails"},
    {UnusableKind::not_shown, "not_shown"},
    {UnusableKind::not_shown_and_others, "not_shown_and_others"},
    {UnusableKind::no_library, "no_library"},
    {UnusableKind::not_asked, "not_asked"},
    {UnusableKind::other, "other"}};

constexpr std::pair<FindingKind, const char*> finding_words[] = {
    {FindingKind::unusable_gpus, "unusable_gpus"},
    {FindingKind::unreachable_gpu, "unreachable_gpu"},
    {FindingKind::no_gpu_seen, "no_gpu_seen"},
    {FindingKind::divided_gpu, "divided_gpu"},
    {FindingKind::gpu_without_place, "gpu_without_place"},
    {FindingKind::gpu_without_node, "gpu_without_node"},
    {FindingKind::mixed_gpus, "mixed_gpus"},
    {FindingKind::several_domains, "several_domains"},
    {FindingKind::visible_no_instance, "visible_no_instance"},
    {FindingKind::visible_beside_instance, "visible_beside_instance"},
    {FindingKind::visible_no_gpu, "visible_no_gpu"},
    {FindingKind::visible_twice, "visible_twice"},
    {FindingKind::visible_without_instances, "visible_without_instances"},
    {FindingKind::amd_gpus, "amd_gpus"},
    {FindingKind::link_down, "link_down"},
    {FindingKind::link_was_down, "link_was_down"},
    {FindingKind::cpu_quota, "cpu_quota"},
    {FindingKind::few_cpus, "few_cpus"},
    {FindingKind::cpus_without_node, "cpus_without_node"},
    {FindingKind::node_without_cpus, "node_without_cpus"},
    {FindingKind::node_without_memory, "node_without_memory"},
    {FindingKind::node_with_forbidden_memory, "node_with_forbidden_memory"},
    {FindingKind::other, "other"}};

template <class Words, class Kind>
std::string word_of(const Words& words, Kind kind) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&](const auto& each) { return each.first == kind; });
  return found == std::end(words) ? "other" : found->second;
}

template <class Kind, class Words>
std::optional<Kind> kind_of(const Words& words, std::string_view text) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&](const auto& each) { return each.second == text; });
  if (found == std::end(words)) return std::nullopt;
  return found->first;
}

const char* plural(int number) { return number == 1 ? "" : "s"; }

std::string of_visible(const MachineFinding& finding, const char* wrong) {
  return fmt::format("CUDA_VISIBLE_DEVICES: '{}' {}, so CUDA ignores it and what follows it", finding.subject,
                     wrong);
}

// A saved machine may come without a reason.
std::string reason_in_words(const UnusableReason& reason) {
  const std::string words = to_string(reason);
  return words.empty() ? "no reason was given" : words;
}

}  // namespace

std::string to_string(UnusableKind kind) { return word_of(unusable_words, kind); }
std::string to_string(FindingKind kind) { return word_of(finding_words, kind); }

std::optional<UnusableKind> parse_unusable_kind(std::string_view text) {
  return kind_of<UnusableKind>(unusable_words, text);
}

std::optional<FindingKind> parse_finding_kind(std::string_view text) {
  return kind_of<FindingKind>(finding_words, text);
}

std::string to_string(const UnusableReason& reason) {
  switch (reason.kind) {
    case UnusableKind::not_told: return "";
    case UnusableKind::beside_instance:
      return "CUDA gives a process one MIG instance and no other GPU beside it";
    case UnusableKind::left_out: return "CUDA_VISIBLE_DEVICES leaves it out";
    case UnusableKind::off_the_bus: return "it has fallen off the PCI bus";
    case UnusableKind::divided:
      return "it is cut into MIG instances, and CUDA gives a process only one of them";
    case UnusableKind::unknown_when_saved: return "no NVIDIA driver answered when this was saved";
    case UnusableKind::no_driver: return "no NVIDIA driver is loaded";
    case UnusableKind::driver_fails:
      return fmt::format("the NVIDIA driver does not answer: {}", reason.words);
    case UnusableKind::not_shown:
      return "the NVIDIA driver does not show it here: it is not among this container's GPUs";
    case UnusableKind::not_shown_and_others:
      return fmt::format("the NVIDIA driver does not show it, and cannot reach {}", reason.words);
    case UnusableKind::no_library:
      return "the NVIDIA driver is loaded, but its library libnvidia-ml.so.1 is not here";
    case UnusableKind::not_asked: return "the NVIDIA driver was not asked";
    case UnusableKind::other: break;
  }
  return reason.words;
}

std::string to_string(const MachineFinding& finding) {
  const std::string& subject = finding.subject;
  switch (finding.kind) {
    case FindingKind::unusable_gpus:
      return fmt::format("{} of its {} GPU{} cannot be used ({}): {}", finding.count, finding.total,
                         plural(finding.total), subject, reason_in_words(finding.because));
    case FindingKind::unreachable_gpu: return fmt::format("the NVIDIA driver cannot reach {}", subject);
    case FindingKind::no_gpu_seen:
      return fmt::format("no GPU is on the PCI bus as seen here, and {}", reason_in_words(finding.because));
    case FindingKind::divided_gpu:
      return fmt::format(
          "{} is cut into {} MIG instance{}: CUDA gives a process one instance and no other "
          "GPU beside it",
          subject, finding.count, plural(finding.count));
    case FindingKind::gpu_without_place:
      return fmt::format("{} is not on the PCI bus as seen here, so what it is near is unknown", subject);
    case FindingKind::gpu_without_node:
      return fmt::format("{} does not say which NUMA node it is near", subject);
    case FindingKind::mixed_gpus:
      return "its GPUs are of different models, and CUDA counts the fastest first: set "
             "CUDA_DEVICE_ORDER=PCI_BUS_ID, so that local rank and GPU agree";
    case FindingKind::several_domains:
      return "its GPUs are in different NVLink domains, so the host counts as in none";
    case FindingKind::visible_no_instance:
      return of_visible(finding, "names none of this machine's MIG instances");
    case FindingKind::visible_beside_instance:
      return of_visible(
          finding, "stands beside another entry, but CUDA gives a process one MIG instance and nothing else");
    case FindingKind::visible_no_gpu: return of_visible(finding, "names none of this machine's GPUs");
    case FindingKind::visible_twice: return of_visible(finding, "names a GPU a second time");
    case FindingKind::visible_without_instances:
      return of_visible(finding, "names a GPU that is set up for MIG instances and has none");
    case FindingKind::amd_gpus:
      return fmt::format("{} AMD GPU{} ({}): ranks are placed near NVIDIA GPUs only", finding.count,
                         plural(finding.count), subject);
    case FindingKind::link_down: return fmt::format("the link of {} is down", subject);
    case FindingKind::link_was_down:
      return fmt::format("the link of {} was down when this was saved; it counts as up", subject);
    case FindingKind::cpu_quota:
      return fmt::format(
          "the container's CPU quota is {} CPUs, fewer than the {} hardware threads that are "
          "shown: OMP_NUM_THREADS is no more than a rank's part of it",
          subject, finding.total);
    case FindingKind::few_cpus:
      return fmt::format("only {} of its {} hardware threads may be used here (CPUs {})", finding.count,
                         finding.total, subject);
    case FindingKind::cpus_without_node:
      return fmt::format("CPUs {} belong to no NUMA node: its memory is missing, offline or not allowed here",
                         subject);
    case FindingKind::node_without_cpus: return fmt::format("NUMA node {} has memory but no CPUs", subject);
    case FindingKind::node_without_memory: return fmt::format("NUMA node {} has CPUs but no memory", subject);
    case FindingKind::node_with_forbidden_memory:
      return fmt::format("the memory of NUMA node {} may not be used here", subject);
    case FindingKind::other: break;
  }
  return subject;
}

std::vector<std::string> sentences_of(const std::vector<MachineFinding>& findings) {
  std::vector<std::string> sentences;
  sentences.reserve(findings.size());
  for (const MachineFinding& finding : findings) sentences.push_back(to_string(finding));
  return sentences;
}

}  // namespace smlaunch
