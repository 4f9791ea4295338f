// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/host_facts.hpp"

#include <algorithm>
#include <cstddef>

#include "cuda/probe_gpus.hpp"
#include "launcher/this_host/host_versions.hpp"
#include "topology/network_cards.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {

namespace {

// A leader reads no more than 64 KiB from a peer that has not proved yet that it belongs to the job.
constexpr std::size_t longest_trait = 400;
constexpr std::size_t longest_text = 400;
constexpr std::size_t most_warnings = 16;
constexpr const char* sys = "/sys";

// Without accelerators and fabrics there is nothing on the bus that hwloc need look at for ranks.
Result<Machine> probe_compared_machine() {
  if (needs_pci_devices(true)) return probe_machine_with_gpus();
  auto machine = probe_machine({.with_devices = false});
  if (machine) add_network_cards(*machine, sys);
  return machine;
}

}  // namespace

bool needs_pci_devices(bool is_compared) {
  return may_have_accelerators() || (is_compared && has_fabric(sys));
}

void tell_host_facts(const Machine& machine, int cpus, bool several_hosts, Hello& hello) {
  hello.gpus = machine.usable_gpus();
  hello.cpus = cpus;
  hello.online_cpus = machine.counted_cpus();
  if (!several_hosts) return;
  hello.traits = traits_of(machine);
  // The number of CPUs says more than the number of cores, since mpirun may have given this process only some
  // of the cores.
  std::erase_if(hello.traits, [](const Trait& trait) {
    return trait.name == usable_gpus_trait || trait.name == cores_trait;
  });
  for (Trait& trait : hello.traits) trait.value.resize(std::min(trait.value.size(), longest_trait));
  hello.warnings = machine_warnings(machine);
  hello.warnings.resize(std::min(hello.warnings.size(), most_warnings));
  for (MachineFinding& warning : hello.warnings)
    for (std::string* text : {&warning.subject, &warning.because.words})
      text->resize(std::min(text->size(), longest_text));
}

std::optional<Machine> probe_own_machine(bool is_compared) {
  auto machine = is_compared ? probe_compared_machine() : probe_machine_for_ranks();
  if (!machine) return {};
  if (is_compared) machine->versions = probe_versions();
  return std::move(*machine);
}

}  // namespace smlaunch
