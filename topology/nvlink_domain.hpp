// SPDX-License-Identifier: Apache-2.0
// Hosts whose GPUs NVSwitches join across the hosts (multi-node NVLink): ranks there talk faster than by any NIC, so
// these hosts stand next to each other, and replace each other first. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// Of hosts by their names, as far as they are known.
using HostDomains = std::map<std::string, NvlinkDomain>;

// "0f3b…/1": the cluster, then the clique.
std::string to_string(const NvlinkDomain& domain);
// Nothing for another kind of text, and for a cluster of zeros, which the driver tells where there is none.
std::optional<NvlinkDomain> parse_nvlink_domain(std::string_view text);

// Is it 32 hexadecimal digits in lower case, not all of them 0?
bool is_nvlink_cluster(std::string_view text);

// A machine is in the domain that its usable GPUs tell; nothing: none tells one, or they tell several.
std::optional<NvlinkDomain> domain_of(const Machine& machine);
// Do they tell several?
bool has_several_domains(const Machine& machine);

// In which order hosts are to stand: those of a domain next to each other, where the first of them stands, in the
// order that they have. Hosts without a domain keep their turn. Indices of `domains`.
std::vector<std::size_t> order_by_domain(const std::vector<std::optional<NvlinkDomain>>& domains);

}  // namespace smlaunch
