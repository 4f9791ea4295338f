// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ready_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace smlaunch {
namespace {

double to_milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

}  // namespace

std::string render_ready_json(const RemoteReport& report) {
  using Json = nlohmann::ordered_json;
  Json hosts = Json::array();
  for (const HostReadiness& host : report.hosts) {
    hosts.push_back({{"name", host.name},
                     {"state", to_string(host.state)},
                     {"stage", to_string(host.stage)},
                     {"cause", to_string(host.cause)},
                     {"remedy", host.remedy},
                     {"seconds", to_milliseconds(host.seconds)}});
  }
  const Json all = {{"schema", "smlaunch.ready/1"},
                    {"ready", report.ready},
                    {"seconds", to_milliseconds(report.seconds)},
                    {"hosts", std::move(hosts)}};
  // A host name that is no UTF-8 must not spoil the whole answer.
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace smlaunch
