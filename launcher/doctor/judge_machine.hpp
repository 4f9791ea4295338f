// SPDX-License-Identifier: Apache-2.0
// What is to be thought of a machine's facts, and of hosts that were asked. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/doctor/doctor.hpp"
#include "launcher/doctor/machine_facts.hpp"
#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

std::vector<DoctorRow> judge_machine(const MachineFacts& facts);

// One finding a host, in their order.
std::vector<DoctorRow> judge_hosts(const std::vector<HostReadiness>& hosts);

// `smlaunch --version --verbose`: what it is made of, and what it finds here. `made_of`: the line of compiler
// and libraries.
std::string render_versions(const MachineFacts& facts, const std::string& made_of);

}  // namespace smlaunch
