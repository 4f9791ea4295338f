// SPDX-License-Identifier: Apache-2.0
// Sources: `mpirun --help all` and `ompi_info --all` of Open MPI 4.1.4; for 5, mpirun(1) of 5.0 and the
// option table of PRRTE 3.0's personality "ompi", which its mpirun runs on.
#include "mpi/mpirun_words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace smlaunch {
namespace {

using enum OptionUse;

constexpr KnownOption known_options[] = {
    {"H", "host", 1, plan},
    {"N", "npernode", 1, plan},
    {"V", "version", 0, question},
    {"add-host", "add-host", 1, plan},
    {"add-hostfile", "add-hostfile", 1, plan},
    {"allow-run-as-root", "allow-run-as-root"},
    {"am", "am", 1},
    {"amca", "amca", 1, pass, 5},
    {"app", "app", 1, plan},
    {"arch", "arch", 1, pass, 5},
    {"bind-to", "bind-to", 1},
    {"bind-to-core", "bind-to-core"},
    {"bind-to-socket", "bind-to-socket"},
    {"bycore", "bycore"},
    {"bynode", "bynode"},
    {"byslot", "byslot"},
    {"c", "np", 1, plan},
    {"cartofile", "cartofile", 1, pass, 4},
    {"cf", "cartofile", 1, pass, 4},
    {"continuous", "continuous"},
    {"cpu-list", "cpu-list", 1},
    {"cpu-set", "cpu-list", 1},
    {"cpus-per-proc", "cpus-per-proc", 1},
    {"cpus-per-rank", "cpus-per-proc", 1},
    {"d", "debug-devel", 0, pass, 4},
    {"debug", "debug"},
    {"debug-daemons", "debug-daemons"},
    {"debug-daemons-file", "debug-daemons-file"},
    {"debug-devel", "debug-devel", 0, pass, 4},
    {"debugger", "debugger", 1, pass, 4},
    {"default-hostfile", "default-hostfile", 1, plan},
    {"disable-recovery", "disable-recovery"},
    {"display", "display", 1, pass, 5},
    {"display-allocation", "display-allocation"},
    {"display-comm", "display-comm", 0, pass, 5},
    {"display-comm-finalize", "display-comm-finalize", 0, pass, 5},
    {"display-devel-allocation", "display-devel-allocation", 0, pass, 4},
    {"display-devel-map", "display-devel-map"},
    {"display-diffable-map", "display-diffable-map", 0, pass, 4},
    {"display-map", "display-map"},
    {"display-topo", "display-topo"},
    {"do-not-launch", "do-not-launch", 0, plan},
    {"do-not-resolve", "do-not-resolve", 0, pass, 4},
    {"dvm", "dvm"},
    {"enable-instant-on-support", "enable-instant-on-support", 0, pass, 4},
    {"enable-recovery", "enable-recovery"},
    {"file", "file", 1, plan},
    {"forward-signals", "forward-signals", 1, pass, 5},
    {"fwd-environment", "fwd-environment", 1, pass, 5},
    {"fwd-mpirun-port", "fwd-mpirun-port", 0, pass, 4},
    {"get-stack-traces", "get-stack-traces"},
    {"gmca", "mca", 2},
    {"gomca", "mca", 2},
    {"gpu-support", "gpu-support", 1, pass, 5},
    {"h", "help", 0, question},
    {"help", "help", 0, question},
    {"hnp", "hnp", 1, pass, 4},
    {"host", "host", 1, plan},
    {"hostfile", "hostfile", 1, plan},
    {"index-argv-by-rank", "index-argv-by-rank", 0, pass, 4},
    {"initial-errhandler", "initial-errhandler", 1, pass, 5},
    {"launch-agent", "launch-agent", 1},
    {"leave-session-attached", "leave-session-attached"},
    {"machinefile", "hostfile", 1, plan},
    {"map-by", "map-by", 1},
    {"max-restarts", "max-restarts", 1},
    {"max-vm-size", "max-vm-size", 1, plan},
    {"mca", "mca", 2},
    {"memory-alloc-kinds", "memory-alloc-kinds", 1, pass, 5},
    {"merge-stderr-to-stdout", "merge-stderr-to-stdout"},
    {"n", "np", 1, plan},
    {"nolocal", "nolocal", 0, plan},
    {"nooversubscribe", "nooversubscribe"},
    {"noprefix", "noprefix"},
    {"novm", "novm", 0, pass, 4},
    {"np", "np", 1, plan},
    {"npernode", "npernode", 1, plan},
    {"npersocket", "npersocket", 1, plan},
    {"omca", "mca", 2},
    {"ompi-server", "ompi-server", 1, pass, 4},
    {"output", "output", 1, pass, 5},
    {"output-directory", "output-directory", 1, pass, 5},
    {"output-filename", "output-filename", 1},
    {"output-proctable", "output-proctable"},
    {"oversubscribe", "oversubscribe"},
    {"p", "parseable", 0, pass, 5},
    {"parsable", "parseable", 0, pass, 5},
    {"parseable", "parseable", 0, pass, 5},
    {"path", "path", 1},
    {"pernode", "pernode", 0, plan},
    {"personality", "personality", 1},
    {"pmixmca", "pmixmca", 2, pass, 5},
    {"ppr", "ppr", 1, plan},
    {"prefix", "prefix", 1},
    {"preload-binary", "preload-binary"},
    {"preload-files", "preload-files", 1},
    {"prtemca", "mca", 2},
    {"pset", "pset", 1, pass, 5},
    {"q", "quiet", 0, pass, 4},
    {"quiet", "quiet", 0, pass, 4},
    {"rank-by", "rank-by", 1},
    {"rankfile", "rankfile", 1},
    {"report-bindings", "report-bindings"},
    {"report-child-jobs-separately", "report-child-jobs-separately"},
    {"report-events", "report-events", 1, pass, 4},
    {"report-pid", "report-pid", 1},
    {"report-state-on-timeout", "report-state-on-timeout"},
    {"report-uri", "report-uri", 1},
    {"rf", "rankfile", 1},
    {"runtime-options", "runtime-options", 1, pass, 5},
    {"s", "preload-binary"},
    {"set-cwd-to-session-dir", "set-cwd-to-session-dir", 0, pass, 4},
    {"show-progress", "show-progress"},
    {"soft", "soft", 1, plan},
    {"spawn-timeout", "spawn-timeout", 1, pass, 5},
    {"stdin", "stdin", 1},
    {"stop-in-app", "stop-in-app", 0, pass, 5},
    {"stop-in-init", "stop-in-init", 0, pass, 5},
    {"stop-on-exec", "stop-on-exec", 0, pass, 5},
    {"stream-buffering", "stream-buffering", 1, pass, 5},
    {"tag-output", "tag-output"},
    {"timeout", "timeout", 1},
    {"timestamp-output", "timestamp-output"},
    {"tmpdir", "tmpdir", 1, pass, 5},
    {"tune", "tune", 1},
    {"tv", "debug"},
    {"use-hwthread-cpus", "use-hwthread-cpus"},
    {"use-regexp", "use-regexp", 0, pass, 4},
    {"v", "verbose"},
    {"verbose", "verbose"},
    {"version", "version", 0, question},
    {"wd", "wdir", 1},
    {"wdir", "wdir", 1},
    {"with-ft", "with-ft", 1, pass, 5},
    {"x", "x", 1},
    {"xml", "xml"},
    {"xml-file", "xml-file", 1, pass, 4},
    {"xterm", "xterm", 1},
};

constexpr std::string_view say_hosts = "name the hosts with --hosts or --hostfile";
constexpr std::string_view say_processes =
    "use the hyperparameter sagemaker_mpi_num_processes, or --processes-per-host";
constexpr std::string_view say_per_host = "use --processes-per-host";

using Pair = std::pair<std::string_view, std::string_view>;

constexpr Pair options_of_the_plan[] = {
    {"np", say_processes},
    {"host", say_hosts},
    {"hostfile", say_hosts},
    {"default-hostfile", say_hosts},
    {"add-host", say_hosts},
    {"add-hostfile", say_hosts},
    {"max-vm-size", say_hosts},
    {"nolocal", say_hosts},
    {"npernode", say_per_host},
    {"pernode", say_per_host},
    {"npersocket", say_per_host},
    {"ppr", say_per_host},
    {"soft", say_processes},
    {"app", "give the one program to smlaunch: -- PROGRAM"},
    {"file", "give the one program to smlaunch: -- PROGRAM"},
    {"do-not-launch", "use smlaunch --dry-run"},
};

constexpr Pair parameters_of_the_plan[] = {
    {"orte_default_dash_host", say_hosts},
    {"orte_default_hostfile", say_hosts},
    {"orte_do_not_launch", "use smlaunch --dry-run"},
    {"orte_max_vm_size", say_hosts},
    {"rmaps_base_n_pernode", say_per_host},
    {"rmaps_base_n_persocket", say_per_host},
    {"rmaps_base_no_schedule_local", say_hosts},
    {"rmaps_base_pattern", say_per_host},
    {"rmaps_base_pernode", say_per_host},
    {"rmaps_ppr_n_pernode", say_per_host},
    {"rmaps_ppr_n_persocket", say_per_host},
    {"rmaps_ppr_pattern", say_per_host},
    {"rmaps_ppr_pernode", say_per_host},
};

// Names of one parameter: ompi_info's synonyms in 4.1.4, and names of PRRTE 3.0 that mean the same.
constexpr Pair synonyms[] = {
    {"oob_tcp_include", "oob_tcp_if_include"},
    {"oob_tcp_exclude", "oob_tcp_if_exclude"},
    {"prte_if_include", "oob_tcp_if_include"},
    {"prte_if_exclude", "oob_tcp_if_exclude"},
    {"orte_rsh_agent", "plm_rsh_agent"},
    {"pls_rsh_agent", "plm_rsh_agent"},
    {"prte_ssh_agent", "plm_rsh_agent"},
    {"orte_assume_same_shell", "plm_rsh_assume_same_shell"},
    {"rmaps_base_schedule_policy", "rmaps_base_mapping_policy"},
    {"rmaps_default_mapping_policy", "rmaps_base_mapping_policy"},
    {"rmaps_default_ranking_policy", "rmaps_base_ranking_policy"},
    {"hwloc_default_binding_policy", "hwloc_base_binding_policy"},
    {"hwloc_default_cpu_list", "hwloc_base_cpu_list"},
    {"hwloc_base_cpu_set", "hwloc_base_cpu_list"},
    {"hwloc_base_slot_list", "hwloc_base_cpu_list"},
    {"orte_rankfile", "rmaps_rank_file_path"},
    {"state_base_error_non_zero_exit", "orte_abort_on_non_zero_status"},
};

template <std::size_t N>
std::string_view find_pair(const Pair (&pairs)[N], std::string_view first) {
  const auto found =
      std::find_if(std::begin(pairs), std::end(pairs), [&](const Pair& pair) { return pair.first == first; });
  return found == std::end(pairs) ? std::string_view() : found->second;
}

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::optional<KnownOption> find_option(std::string_view name, int major) {
  const auto found = std::find_if(std::begin(known_options), std::end(known_options),
                                  [&](const KnownOption& option) { return option.name == name; });
  if (found == std::end(known_options)) return std::nullopt;
  KnownOption option = *found;
  if (major >= 5 && (name == "display-topo" || name == "dvm")) option.values = 1;
  return option;
}

std::string_view instead_of_option(std::string_view canonical) {
  return find_pair(options_of_the_plan, canonical);
}

std::string_view instead_of_parameter(std::string_view parameter) {
  return find_pair(parameters_of_the_plan, parameter);
}

std::string parameter_in_4(std::string_view parameter) {
  if (const std::string_view synonym = find_pair(synonyms, parameter); !synonym.empty())
    return std::string(synonym);
  if (parameter.starts_with("plm_ssh_")) return "plm_rsh_" + std::string(parameter.substr(8));
  if (parameter.starts_with("prte_")) return "orte_" + std::string(parameter.substr(5));
  return std::string(parameter);
}

// PRRTE has no orte_abort_on_non_zero_status; state_base_error_non_zero_exit is the same switch in
// every 3.0.x. The rest is what its own translation of old names does (plm_rsh_ → plm_ssh_, orte_ → prte_,
// oob_ and hwloc_ kept). Open MPI 5 renamed the shared-memory transport from vader to sm and made single copy
// a framework, smsc.
ParameterIn5 parameter_in_5(std::string_view parameter) {
  if (parameter == "orte_abort_on_non_zero_status") return {"prtemca", "state_base_error_non_zero_exit"};
  if (parameter == "oob_tcp_if_include") return {"prtemca", "prte_if_include"};
  if (parameter == "oob_tcp_if_exclude") return {"prtemca", "prte_if_exclude"};
  if (parameter == "btl_vader_single_copy_mechanism") return {"mca", "smsc"};
  if (parameter.starts_with("btl_vader_")) return {"mca", "btl_sm_" + std::string(parameter.substr(10))};
  if (parameter.starts_with("plm_rsh_")) return {"prtemca", "plm_ssh_" + std::string(parameter.substr(8))};
  if (parameter.starts_with("orte_")) return {"prtemca", "prte_" + std::string(parameter.substr(5))};
  const bool of_the_launcher =
      starts_with_any(parameter, {"oob_", "plm_", "ras_", "rmaps_", "routed_", "state_", "errmgr_",
                                  "grpcomm_", "iof_", "odls_", "ess_", "filem_"});
  const bool is_framework = parameter == "plm" || parameter == "ras" || parameter == "rmaps";
  return {of_the_launcher || is_framework ? "prtemca" : "mca", std::string(parameter)};
}

std::span<const Directive> directives() {
  static constexpr Directive table[] = {{"display-map", "display", "map"},
                                        {"report-bindings", "display", "bind"},
                                        {"display-allocation", "display", "allocation"},
                                        {"display-devel-map", "display", "map-devel"},
                                        {"tag-output", "output", "tag"},
                                        {"timestamp-output", "output", "timestamp"},
                                        {"merge-stderr-to-stdout", "output", "merge-stderr-to-stdout"},
                                        {"xml", "output", "xml"}};
  return table;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool is_our_variable(std::string_view name) {
  constexpr std::string_view identity[] = {"RANK",      "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE",
                                           "NODE_RANK", "GROUP_RANK"};
  return starts_with_any(name, {"SM_", "SMLAUNCH_"}) ||
         std::find(std::begin(identity), std::end(identity), name) != std::end(identity);
}

}  // namespace smlaunch
