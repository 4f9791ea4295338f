// SPDX-License-Identifier: Apache-2.0
// The room topology: what machines are and where ranks go. Placing is pure and the same for a probed machine
// and for a file. It promises CPUs, NUMA nodes, GPU and NIC for every rank, with the reason in words. It
// touches hwloc, /sys, /proc and the network interfaces, and binds the calling process.
//
// Plain facts about one machine. They come from a probe, from an hwloc XML file or from the JSON that
// `smlaunch topology` prints; whoever uses them cannot tell which.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/indexed.hpp"
#include "topology/id_set.hpp"
#include "topology/machine_finding.hpp"

namespace smlaunch {

struct NumaNode {
  int os_index = 0;
  IdSet cpus;
  std::uint64_t memory_bytes = 0;
  std::optional<int> package = {};  // the package that holds it, from 0; nothing: not known, or several do
  bool operator==(const NumaNode&) const = default;
};

// How near two PCI devices are, in the words of `nvidia-smi topo -m`, nearest first.
enum class Nearness { PIX, PXB, PHB, NODE, SYS };
std::string to_string(Nearness nearness);
std::optional<Nearness> parse_nearness(std::string_view text);

// Between a device and the PCI bus.
struct PciLink {
  int lanes = 0;       // in use; 0: not known
  int generation = 0;  // PCIe's, the newest that both ends support (an idle link is slower); 0: not known
  bool operator==(const PciLink&) const = default;
};

// GPUs, of one or several hosts, that NVSwitches join (topology/nvlink_domain.hpp).
struct NvlinkDomain {
  std::string cluster = {};  // 32 hexadecimal digits: the fabric's UUID
  unsigned clique = 0;       // only GPUs of one clique of it are joined
  auto operator<=>(const NvlinkDomain&) const = default;
};

struct Gpu {
  int index = 0;            // NVML's, 0 and up; PCI order where no driver answers
  std::string model;        // "NVIDIA H200"
  std::string uuid;         // "GPU-…"; empty without a driver
  std::string pci;          // "0000:3b:00.0", lower case
  std::optional<int> numa;  // NUMA node's OS index; nothing where the machine does not say
  IdSet cpus;               // the CPUs near it
  std::uint64_t memory_bytes = 0;
  bool usable = true;  // the driver shows it and the job may use it
  UnusableReason unusable_because = {};
  PciLink link = {};
  std::vector<std::string> mig_instances = {};  // UUIDs of its MIG instances: "MIG-…"; empty: it is not cut
  std::optional<NvlinkDomain> domain = {};      // nothing: in none, or not known
  bool operator==(const Gpu&) const = default;
};

enum class NicKind { ethernet, infiniband, efa };
std::string to_string(NicKind kind);
std::optional<NicKind> parse_nic_kind(std::string_view text);

struct Nic {
  std::string name;  // "mlx5_0", "eth0"
  NicKind kind = NicKind::ethernet;
  std::string pci;  // empty for a virtual one
  std::optional<int> numa;
  bool link_up = true;
  int gigabits = 0;  // its speed on the network; 0: not known
  PciLink link = {};
  bool operator==(const Nic&) const = default;
};

// What carries addresses: eth0, lo. A NIC of a fabric may have none.
struct NetworkInterface {
  std::string name;
  bool up = true;
  std::vector<std::string> addresses;  // "10.0.0.7", "fe80::1"
  bool has_carrier = true;             // false: switched on, but no cable, or nothing at its other end
  bool is_inner = false;               // a bridge with no physical port: it joins only containers or guests
  std::vector<std::string> subnets = {};  // of the addresses, in their order: "10.0.0.0/24"; may be unknown
  bool operator==(const NetworkInterface&) const = default;
};

// Positions in Machine::gpus and in Machine::nics. The driver and CUDA have other numbers for GPUs.
struct GpuIndex {
  int value = 0;
  auto operator<=>(const GpuIndex&) const = default;
};
struct NicIndex {
  int value = 0;
  auto operator<=>(const NicIndex&) const = default;
};

// More than any machine has. The relation of every GPU to every other grows with the square of their number, so a file
// with more is refused.
inline constexpr std::size_t most_gpus = 256;
inline constexpr std::size_t most_nics = 4096;  // with virtual functions

struct Machine {
  std::string host;
  int packages = 0;
  int cores = 0;
  int processing_units = 0;         // that this process may use (cgroup, affinity)
  int online_cpus = 0;              // of the machine, whoever may use them; 0: not known
  std::optional<double> cpu_quota;  // the container's limit in CPUs; nothing: none below processing_units
  std::vector<NumaNode> numa_nodes;
  std::vector<IdSet> core_cpus;  // for each core that may be used, in order, its hardware threads
  std::vector<Gpu> gpus;
  std::vector<Nic> nics;
  std::vector<std::vector<Nearness>> gpu_nic;     // [gpu][nic]
  std::vector<std::vector<std::string>> gpu_gpu;  // [gpu][gpu]: "X", "NV18", "PIX", …
  std::vector<std::vector<std::string>> nic_nic;  // [nic][nic]: "X", "PIX", …; empty: not known
  bool has_devices = true;                        // false: GPUs and NICs were not looked for
  std::vector<NetworkInterface> interfaces;       // empty: not known
  std::map<std::string, std::string> versions;  // of what is installed: "nccl" -> "2.18.5"; empty: not known,
                                                // otherwise what has no entry is not installed
  std::vector<MachineFinding> findings;         // what is odd about it
  bool operator==(const Machine&) const = default;

  // What a program counts as the machine's CPUs, such as Python's multiprocessing.cpu_count().
  [[nodiscard]] int counted_cpus() const { return online_cpus > 0 ? online_cpus : processing_units; }

  // All positions in `gpus` and in `nics`, ascending.
  [[nodiscard]] Indexed<GpuIndex, Gpu>::Indices gpu_indices() const;
  [[nodiscard]] Indexed<NicIndex, Nic>::Indices nic_indices() const;
  // These abort where there is no such device.
  [[nodiscard]] const Gpu& gpu(GpuIndex index) const;
  [[nodiscard]] const Nic& nic(NicIndex index) const;
  // How near the two are: SYS where that is not known.
  [[nodiscard]] Nearness nearness(GpuIndex gpu, NicIndex nic) const;

  // GPUs that a job can use; the n-th of them is CUDA device n.
  [[nodiscard]] int usable_gpus() const;
};

// Adds a finding that a job should know.
void warn(Machine& machine, MachineFinding finding);

// What a job on this machine should know: which GPUs it cannot use, and why; then the findings that are
// warnings.
std::vector<MachineFinding> machine_warnings(const Machine& machine);

// The hardware threads that this process may use: those of Machine::core_cpus.
IdSet allowed_cpus(const Machine& machine);

// The allowed CPUs that belong to no NUMA node, because its memory is missing, offline, or not allowed here.
IdSet cpus_without_node(const Machine& machine);

}  // namespace smlaunch
