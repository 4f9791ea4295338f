// SPDX-License-Identifier: Apache-2.0
// hwloc is asked for the whole machine, disallowed CPUs included, so that every device keeps its place in the
// tree; what this process may use is cut out afterwards.
#include "topology/probe_machine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_name.hpp"
#include "topology/cgroup.hpp"
#include "topology/hwloc_handle.hpp"
#include "topology/probe_devices.hpp"

namespace smlaunch {
namespace {

HwlocTopology new_topology(bool with_devices) {
  HwlocTopology topology = new_hwloc_topology();
  if (!topology) return nullptr;
  const hwloc_topology_t raw = topology.get();
  unsigned long flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS |
                        HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS;
  if (with_devices) {
    hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  } else {
    flags |= HWLOC_TOPOLOGY_FLAG_NO_DISTANCES;
    hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter(raw, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL);
    hwloc_topology_set_type_filter(raw, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
  }
  hwloc_topology_set_flags(raw, flags);
  // The component x86 would visit every CPU in turn; the kernel has already said all that is needed here.
  hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
  // These components would start drivers' libraries, or connect to X servers.
  for (const char* component : {"gl", "opencl", "cuda", "nvml", "rsmi", "levelzero"})
    hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, component);
  return topology;
}

IdSet usable_cpus(hwloc_topology_t topology, bool live) {
  const IdSet all = to_ids(hwloc_topology_get_topology_cpuset(topology));
  IdSet cpus = intersection(all, to_ids(hwloc_topology_get_allowed_cpuset(topology)));
  if (!live) return cpus;
  const HwlocBitmap bound(hwloc_bitmap_alloc());
  if (hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_THREAD) != 0) return cpus;
  IdSet both = intersection(cpus, to_ids(bound.get()));
  return both.empty() ? cpus : both;
}

void add_cores(Machine& machine, hwloc_topology_t topology, const IdSet& usable) {
  hwloc_obj_t package = nullptr;
  while ((package = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PACKAGE, package)) != nullptr) {
    if (!intersection(to_ids(package->cpuset), usable).empty()) ++machine.packages;
  }
  // Some virtual machines do not say what a core is; then every hardware thread counts as one.
  const bool knows_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0;
  const hwloc_obj_type_t type = knows_cores ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  hwloc_obj_t core = nullptr;
  while ((core = hwloc_get_next_obj_by_type(topology, type, core)) != nullptr) {
    IdSet cpus = intersection(to_ids(core->cpuset), usable);
    if (!cpus.empty()) machine.core_cpus.push_back(std::move(cpus));
  }
  machine.packages = std::max(machine.packages, 1);
  machine.cores = static_cast<int>(machine.core_cpus.size());
  machine.processing_units = static_cast<int>(usable.size());
}

// The package that holds all of a node's CPUs; a node without own CPUs comes with the CPUs around it.
std::optional<int> package_of(hwloc_topology_t topology, const IdSet& cpus) {
  hwloc_obj_t package = nullptr;
  while ((package = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PACKAGE, package)) != nullptr) {
    if (!cpus.empty() && intersection(to_ids(package->cpuset), cpus) == cpus)
      return static_cast<int>(package->logical_index);
  }
  return std::nullopt;
}

void add_numa_nodes(Machine& machine, hwloc_topology_t topology, const IdSet& usable) {
  std::vector<hwloc_obj_t> nodes;
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr)
    nodes.push_back(node);
  // A node without CPUs of its own (a GPU's memory, persistent memory) is shown with the CPUs around it.
  // Small nodes claim CPUs first, so such a node ends without any, and no CPU is in two nodes.
  std::stable_sort(nodes.begin(), nodes.end(), [](hwloc_obj_t a, hwloc_obj_t b) {
    return hwloc_bitmap_weight(a->cpuset) < hwloc_bitmap_weight(b->cpuset);
  });
  const IdSet allowed = to_ids(hwloc_topology_get_allowed_nodeset(topology));
  IdSet claimed;
  for (const hwloc_obj_t each : nodes) {
    const IdSet all = to_ids(each->cpuset);
    NumaNode& added = machine.numa_nodes.emplace_back();
    added.os_index = static_cast<int>(each->os_index);
    added.package = package_of(topology, all);
    added.cpus = without(all, claimed);
    const bool has_cpus = !added.cpus.empty();
    claimed = united(claimed, all);
    added.cpus = intersection(added.cpus, usable);
    const bool may_allocate = std::binary_search(allowed.begin(), allowed.end(), added.os_index);
    added.memory_bytes = may_allocate ? each->attr->numanode.local_memory : 0;
    const auto add = [&](FindingKind kind) {
      machine.findings.push_back({.kind = kind, .subject = std::to_string(added.os_index)});
    };
    if (!has_cpus) {
      add(FindingKind::node_without_cpus);
    } else if (!may_allocate) {
      add(FindingKind::node_with_forbidden_memory);
    } else if (added.memory_bytes == 0) {
      add(FindingKind::node_without_memory);
    }
  }
  std::sort(machine.numa_nodes.begin(), machine.numa_nodes.end(),
            [](const NumaNode& a, const NumaNode& b) { return a.os_index < b.os_index; });
}

Machine read_topology(hwloc_topology_t topology, bool live) {
  Machine machine;
  if (const char* name = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "HostName"))
    machine.host = name;
  const IdSet usable = usable_cpus(topology, live);
  const IdSet all = to_ids(hwloc_topology_get_topology_cpuset(topology));
  if (usable.size() < all.size()) {
    machine.findings.push_back({.kind = FindingKind::few_cpus,
                                .subject = to_string(usable),
                                .count = static_cast<int>(usable.size()),
                                .total = static_cast<int>(all.size())});
  }
  add_cores(machine, topology, usable);
  add_numa_nodes(machine, topology, usable);
  if (const IdSet outside = cpus_without_node(machine); !outside.empty() && !machine.numa_nodes.empty())
    machine.findings.push_back({.kind = FindingKind::cpus_without_node, .subject = to_string(outside)});
  add_devices(machine, topology, live);
  return machine;
}

Result<Machine> load(HwlocTopology topology, const std::string& where, bool live) {
  if (!topology || hwloc_topology_load(topology.get()) != 0) {
    return failure(live ? Fault::start : Fault::configuration, where,
                   fmt::format("hwloc cannot read the topology: {}", std::strerror(errno)),
                   live ? "give a saved one with --topology FILE" : "save it again with lstopo of hwloc 2");
  }
  Machine machine = read_topology(topology.get(), live);
  const auto too_many = [&](std::size_t count, const char* kind, std::size_t most) {
    return failure(
        Fault::configuration, where,
        fmt::format("holds {} {}, which is more than any machine has: {} at most", count, kind, most),
        "save the topology again with lstopo");
  };
  if (!live && machine.gpus.size() > most_gpus) return too_many(machine.gpus.size(), "GPUs", most_gpus);
  if (!live && machine.nics.size() > most_nics) return too_many(machine.nics.size(), "NICs", most_nics);
  return machine;
}

// The size that hwloc wants counts the terminating NUL.
bool set_xml(const HwlocTopology& topology, const std::string& xml) {
  return topology &&
         hwloc_topology_set_xmlbuffer(topology.get(), xml.c_str(), static_cast<int>(xml.size() + 1)) == 0;
}

// "<topology version="3.0">": hwloc 2 does not read such a file.
bool is_of_hwloc_3(const std::string& xml) {
  constexpr std::string_view version = "<topology version=\"";
  const std::size_t at = xml.find(version);
  return at != std::string::npos && xml.compare(at + version.size(), 2, "3.") == 0;
}

// hwloc reads the largest machine that we know in a tenth of a second.
constexpr unsigned reading_bound_seconds = 30;

// This process ends by SIGALRM then, whatever it has inherited.
void end_after(unsigned seconds) {
  std::signal(SIGALRM, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  alarm(seconds);
}

enum class Reading { ends, crashes, takes_too_long };

// hwloc trusts a file to be whole: a damaged file can crash it. So a child process reads the file first, and
// the way it ends tells. Errors (Fault::internal): it is not known how the child ended.
Result<Reading> try_to_read(const std::string& xml) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{};
    setrlimit(RLIMIT_CORE, &no_core);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    end_after(reading_bound_seconds);
    const HwlocTopology topology = new_topology(true);
    if (set_xml(topology, xml) && hwloc_topology_load(topology.get()) == 0) {
      static_cast<void>(read_topology(topology.get(), false));
    }
    _exit(0);
  }
  if (child < 0) return Reading::ends;
  int status = 0;
  int got = 0;
  do got = waitpid(child, &status, 0);
  while (got < 0 && errno == EINTR);
  if (got != child)
    return failure(Fault::internal, fmt::format("process {}", child),
                   fmt::format("whether it could read the topology is not known: {}", std::strerror(errno)),
                   "see that nothing else in this process waits for children or ignores SIGCHLD");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return Reading::takes_too_long;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Reading::ends : Reading::crashes;
}

}  // namespace

Result<Machine> probe_machine(const ProbeRequest& request) {
  auto machine = load(new_topology(request.with_devices), "this machine", true);
  if (!machine) return machine;
  if (machine->host.empty()) machine->host = probe_host_name();
  machine->has_devices = request.with_devices;
  machine->online_cpus = static_cast<int>(std::max(0L, sysconf(_SC_NPROCESSORS_ONLN)));
  if (const auto cpus = read_cpu_quota(); cpus && *cpus < machine->processing_units) {
    machine->cpu_quota = cpus;
    warn(*machine, {.kind = FindingKind::cpu_quota,
                    .subject = fmt::format("{:g}", *cpus),
                    .total = machine->processing_units});
  }
  return machine;
}

Result<Machine> parse_machine_xml(const std::string& xml, const std::string& where) {
  if (hwloc_get_api_version() < 0x30000 && is_of_hwloc_3(xml)) {
    return failure(Fault::configuration, where,
                   "was written by hwloc 3, and smlaunch reads with hwloc 2 here",
                   "save it again with lstopo --export-xml-flags V2 FILE.xml, or give the JSON that smlaunch "
                   "topology --format json prints");
  }
  const auto reading = try_to_read(xml);
  if (!reading) return tl::unexpected(reading.error());
  if (*reading == Reading::crashes) {
    return failure(Fault::configuration, where, "is damaged: hwloc crashes when it reads it",
                   "save the topology again with lstopo");
  }
  if (*reading == Reading::takes_too_long) {
    return failure(Fault::configuration, where,
                   fmt::format("hwloc has not read it within {} s", reading_bound_seconds),
                   "try again when the machine is less busy, or give the JSON that smlaunch topology prints");
  }
  HwlocTopology topology = new_topology(true);
  if (topology && !set_xml(topology, xml)) {
    return failure(
        Fault::configuration, where, fmt::format("hwloc cannot read this file: {}", std::strerror(errno)),
        "give an XML file that lstopo of hwloc 2 wrote, or the JSON that smlaunch topology prints");
  }
  return load(std::move(topology), where, false);
}

Result<Machine> parse_synthetic_machine(const std::string& description) {
  HwlocTopology topology = new_topology(false);
  if (topology && hwloc_topology_set_synthetic(topology.get(), description.c_str()) != 0) {
    return failure(Fault::configuration, description,
                   "hwloc does not understand this description of a machine",
                   "write it like \"package:2 core:4 pu:2\"");
  }
  return load(std::move(topology), description, false);
}

std::string hwloc_version() {
  const unsigned version = hwloc_get_api_version();
  return fmt::format("{}.{}", version >> 16U, (version >> 8U) & 0xffU);
}

}  // namespace smlaunch
