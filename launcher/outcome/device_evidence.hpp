// SPDX-License-Identifier: Apache-2.0
// What the devices of a host said before a rank there failed. It is told with its time and not as the cause:
// that nobody knows. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// The facts that may have to do with the failure, the likeliest first: of the same host, not long before it.
// Facts of which it is not known whether they were before it count, too: they were known within a second or
// so. Of a failure that only says that a peer was gone, facts of other hosts count where the same host has
// none.
std::vector<DeviceFact> find_device_facts(const std::vector<DeviceFact>& all, const FirstFailure& first,
                                          double uncertainty);

// The same for a job that hung: of any host, those of the host of the first failure first. `begin`: when its
// silence began, in seconds since the start.
std::vector<DeviceFact> find_device_facts_of_hang(const std::vector<DeviceFact>& all,
                                                  const FirstFailure& first, double begin);

// "12 s before, GPU 3 of gn02 reported XID 79 (…)"; "about then, …" where it is not known what came first.
std::string describe_before(const DeviceFact& fact, double seconds);

// "88.0 s after the start, GPU 3 of gn02 reported XID 79 (…)"
std::string describe_since_start(const DeviceFact& fact);

// Adds the likeliest to the sentence, all to the first failure, and hosts whose devices do not heal to the
// hosts at fault. The outcome has a first failure.
void add_device_evidence(const JobRecord& record, Outcome& outcome);

}  // namespace smlaunch
