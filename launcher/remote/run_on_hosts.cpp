// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/run_on_hosts.hpp"

#include <exception>

#include "launcher/remote/remote_loop.hpp"
#include "launcher/remote/slurm_step_run.hpp"

namespace smlaunch {

std::string to_string(ReadyStage stage) {
  switch (stage) {
    case ReadyStage::name: return "name";
    case ReadyStage::tcp: return "tcp";
    case ReadyStage::banner: return "banner";
    case ReadyStage::login: return "login";
    case ReadyStage::code: return "code";
    case ReadyStage::smlaunch: break;
  }
  return "smlaunch";
}

std::string to_string(ReadyState state) {
  switch (state) {
    case ReadyState::waiting: return "waiting";
    case ReadyState::ready: return "ready";
    case ReadyState::failed: break;
  }
  return "failed";
}

RemoteReport run_on_hosts(const RemoteRequest& request) {
  try {
    return request.by_slurm ? run_slurm_step(request) : RemoteLoop(request).run();
  } catch (const std::exception& error) {
    RemoteReport report;
    for (const std::string& name : request.hosts)
      report.hosts.push_back({.name = name,
                              .state = ReadyState::failed,
                              .cause = {.trouble = HostTrouble::cannot_wait, .subject = error.what()},
                              .remedy = "free memory, threads or open files on this machine"});
    return report;
  }
}

}  // namespace smlaunch
