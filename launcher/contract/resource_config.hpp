// SPDX-License-Identifier: Apache-2.0
// resourceconfig.json: the hosts, and which of them this is.
#pragma once

#include <string>

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/environment.hpp"

namespace smlaunch {

inline constexpr const char* default_group = "homogeneousCluster";

// Fills hosts, current_*, instance_groups and network_interface of `environment` from its resource_config.
// `may_be_no_host`: an empty current_host means a machine that is none of the hosts.
void parse_resource_config(Environment& environment, bool may_be_no_host, ConfigProblems& problems);

// The same file on `host`: with that host's current_* keys, where `config` has such keys.
PyValue resource_config_of_host(const PyValue& config, const std::string& host);

// The type and group of a host by its file, with the toolkit's defaults.
std::string instance_type_in(const PyValue& config);
std::string instance_group_in(const PyValue& config);

}  // namespace smlaunch
