// SPDX-License-Identifier: Apache-2.0
#include "topology/kernel_binding.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

// As the kernel has them.
using Mask = std::vector<unsigned long>;
constexpr std::size_t bits_of_word = std::numeric_limits<unsigned long>::digits;
constexpr std::size_t first_cpu_words = 1024 / bits_of_word;
constexpr std::size_t most_cpu_words = (std::size_t{1} << 20U) / bits_of_word;
constexpr std::size_t node_words = 1024 / bits_of_word;  // no kernel has more nodes
constexpr unsigned long one_more_bit = 1;  // the kernel wants the length of a mask of nodes plus one

// linux/mempolicy.h; the modes may come with flags.
constexpr int prefer_one = 1;
constexpr int bind_strictly = 2;
constexpr int prefer_many = 5;
constexpr int without_flags = 0xff;

Mask to_mask(const IdSet& ids, std::size_t least_words) {
  Mask mask(least_words);
  for (const int id : ids) {
    const auto word = static_cast<std::size_t>(id) / bits_of_word;
    if (word >= mask.size()) mask.resize(word + 1);
    mask[word] |= 1UL << (static_cast<std::size_t>(id) % bits_of_word);
  }
  return mask;
}

IdSet to_ids(const Mask& mask) {
  IdSet ids;
  for (std::size_t bit = 0; bit < mask.size() * bits_of_word; ++bit)
    if ((mask[bit / bits_of_word] >> (bit % bits_of_word) & 1UL) != 0) ids.push_back(static_cast<int>(bit));
  return ids;
}

bool set_cpus(int thread, const Mask& mask) {
  return sched_setaffinity(thread, mask.size() * sizeof(unsigned long),
                           reinterpret_cast<const cpu_set_t*>(mask.data())) == 0;
}

bool set_memory(int mode, const IdSet& nodes) {
  const Mask mask = to_mask(nodes, node_words);
  return syscall(SYS_set_mempolicy, mode, mask.data(), mask.size() * bits_of_word + one_more_bit) == 0;
}

}  // namespace

bool bind_own_cpus(const IdSet& cpus) {
  const Mask mask = to_mask(cpus, first_cpu_words);
  if (!set_cpus(0, mask)) return false;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task", error)) {
    const std::string name = each.path().filename();
    int thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (thread <= 0 || thread == gettid()) continue;
    // It may have ended meanwhile.
    if (!set_cpus(thread, mask) && errno != ESRCH) return false;
  }
  return true;
}

IdSet own_cpus() {
  for (Mask mask(first_cpu_words); mask.size() <= most_cpu_words; mask.resize(2 * mask.size())) {
    if (sched_getaffinity(0, mask.size() * sizeof(unsigned long),
                          reinterpret_cast<cpu_set_t*>(mask.data())) == 0)
      return to_ids(mask);
    // EINVAL: the kernel has more CPUs.
    if (errno != EINVAL) break;
  }
  return {};
}

bool prefer_own_memory(const IdSet& nodes) {
  if (set_memory(prefer_many, nodes)) return true;
  // Kernels before 5.15 do not know it, and prefer one node.
  return errno == EINVAL && !nodes.empty() && set_memory(prefer_one, {nodes.front()});
}

IdSet own_memory() {
  Mask mask(node_words);
  int mode = 0;
  if (syscall(SYS_get_mempolicy, &mode, mask.data(), mask.size() * bits_of_word + one_more_bit, nullptr, 0) !=
      0)
    return {};
  mode &= without_flags;
  return mode == prefer_one || mode == bind_strictly || mode == prefer_many ? to_ids(mask) : IdSet();
}

std::optional<IdSet> parse_usable_memory(std::string_view has_memory, std::string_view status) {
  constexpr std::string_view name = "Mems_allowed_list:";
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos || has_memory.empty()) return {};
  status.remove_prefix(at + name.size());
  const auto parse = [](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return parse_id_set(text.substr(0, text.find('\n')), static_cast<int>(node_words * bits_of_word) - 1);
  };
  const auto filled = parse(has_memory);
  const auto allowed = parse(status);
  if (!filled || !allowed) return {};
  return intersection(*filled, *allowed);
}

std::optional<IdSet> usable_memory() {
  return parse_usable_memory(read_small_file("/sys/devices/system/node/has_memory"),
                             read_small_file("/proc/self/status"));
}

}  // namespace smlaunch
