// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ready.hpp"

#include <fmt/format.h>

#include <exception>

#include "launcher/remote/ready_loop.hpp"

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

ReadyReport wait_ready(const ReadyRequest& request) {
  try {
    return ReadyLoop(request).run();
  } catch (const std::exception& error) {
    ReadyReport report;
    for (const std::string& name : request.hosts) {
      HostReadiness host;
      host.name = name;
      host.state = ReadyState::failed;
      host.cause = fmt::format("this machine cannot wait for hosts: {}", error.what());
      host.remedy = "free memory, threads or open files on this machine";
      report.hosts.push_back(std::move(host));
    }
    return report;
  }
}

}  // namespace smlaunch
