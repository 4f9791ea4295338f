// SPDX-License-Identifier: Apache-2.0
#include "topology/with_gpus.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace smlaunch {

Machine with_gpus(Machine machine, int count) {
  const auto wanted = static_cast<std::size_t>(std::max(count, 0));
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < machine.gpus.size() && kept.size() < wanted; ++i)
    if (machine.gpus[i].usable) kept.push_back(i);
  std::vector<Gpu> gpus;
  std::vector<std::vector<Nearness>> gpu_nic;
  std::vector<std::vector<std::string>> gpu_gpu(wanted,
                                                std::vector<std::string>(wanted, to_string(Nearness::SYS)));
  int next_index = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    gpu_gpu[i][i] = "X";
    auto& to_nics = gpu_nic.emplace_back(machine.nics.size(), Nearness::SYS);
    if (i >= kept.size()) {
      gpus.emplace_back().index = next_index++;
      continue;
    }
    const std::size_t from = kept[i];
    gpus.push_back(machine.gpus[from]);
    next_index = std::max(next_index, gpus.back().index + 1);
    if (from < machine.gpu_nic.size()) to_nics = machine.gpu_nic[from];
    for (std::size_t j = 0; j < kept.size() && from < machine.gpu_gpu.size(); ++j)
      gpu_gpu[i][j] = machine.gpu_gpu[from][kept[j]];
  }
  machine.gpus = std::move(gpus);
  machine.gpu_nic = std::move(gpu_nic);
  machine.gpu_gpu = std::move(gpu_gpu);
  return machine;
}

}  // namespace smlaunch
