// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_launcher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/job/job_hosts.hpp"
#include "launcher/job/job_smoke.hpp"
#include "launcher/plan/starter.hpp"

namespace smlaunch {

namespace {

LauncherKind kind_of(LauncherOption option) {
  switch (option) {
    case LauncherOption::automatic:
    case LauncherOption::process: return LauncherKind::process;
    case LauncherOption::mpi: return LauncherKind::mpi;
    case LauncherOption::ddp: return LauncherKind::ddp;
    case LauncherOption::torchrun: return LauncherKind::torchrun;
    case LauncherOption::xla: return LauncherKind::xla;
    case LauncherOption::smddp: return LauncherKind::smddp;
  }
  return LauncherKind::process;
}

LauncherChoice choose(const Options& options, const Environment& environment, bool hosts_given) {
  if (options.launcher != LauncherOption::automatic)
    return {kind_of(options.launcher), source_of(options, "launcher", "option --launcher")};
  if (!hosts_given) return choose_launcher(environment);
  const EntryPoint& entry_point = environment.entry_point;
  if (parse_module_option(entry_point.name))
    return {LauncherKind::ddp, "default with given hosts for a module"};
  const bool python = entry_point.name.ends_with(".py");
  return {python ? LauncherKind::ddp : LauncherKind::mpi,
          fmt::format("default with given hosts for {}", python ? "a .py entry point" : "a command")};
}

bool is_in_distribution(const Environment& environment) {
  const auto& hosts = hosts_together(environment);
  return std::find(hosts.begin(), hosts.end(), environment.current_host) != hosts.end();
}

}  // namespace

LauncherChoice choose_job_launcher(const Options& options, const Environment& environment, bool hosts_given) {
  LauncherChoice choice = choose(options, environment, hosts_given);
  return options.command == Command::smoke ? choose_for_smoke(options, choice) : choice;
}

Result<void> take_launcher_of_self_started(const Options& options, LauncherChoice& choice) {
  if (options.launcher == LauncherOption::automatic && choice.kind != LauncherKind::ddp)
    choice = {LauncherKind::ddp, "default where hosts start themselves"};
  switch (choice.kind) {
    case LauncherKind::ddp:
    case LauncherKind::torchrun:
    case LauncherKind::process: return {};
    case LauncherKind::mpi:
    case LauncherKind::smddp:
    case LauncherKind::xla: break;
  }
  return failure(Fault::usage, choice.source,
                 fmt::format("{} does not work where hosts start themselves: {}", to_string(choice.kind),
                             choice.kind == LauncherKind::xla ? "it needs to know what they are called"
                                                              : "no mpirun reaches them"),
                 "take --launcher ddp, torchrun or process, or name hosts with --hosts");
}

bool starts_its_part(LauncherKind launcher, const Environment& environment, bool hosts_given) {
  return has_starter(launcher) && !hosts_given && is_in_distribution(environment);
}

bool runs_by_itself(LauncherKind launcher, const Environment& environment, bool hosts_given) {
  return launcher == LauncherKind::process || starts_its_part(launcher, environment, hosts_given) ||
         (!hosts_given && !is_in_distribution(environment));
}

}  // namespace smlaunch
