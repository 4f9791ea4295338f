// SPDX-License-Identifier: Apache-2.0
// The result of an all-reduce test, for people and for programs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

// "smoke test: pass (mpi-cpu; NCCL NOT RUN), 8 ranks on 4 hosts, …": one line, without its end.
std::string render_smoke_sentence(const SmokeReport& report);

// The whole report as lines: a head, the suspects as a table, the tests of hosts and pairs.
std::string render_smoke(const SmokeReport& report);

// `smlaunch.smoke/1`: {schema, verdict, backend, evidence, ranks, hosts, bytes, time_us: {p50, max},
// algbw_gbps, busbw_gbps, wrong_elements, nccl, stages, suspects, reason}; then, where there are any,
// injected, warnings, mpi (the library of the CPU's test), expected (busbw_gbps, source), pairs.
std::string render_smoke_json(const SmokeReport& report);

// Open MPI's hostfile of these hosts; `slots`: of each host of the job.
std::string render_hostfile(const std::vector<std::string>& hosts, const SmokeReport& report,
                            const Indexed<NodeRank, int>& slots);

// A heat map of the bandwidth between each two hosts: failed pairs are red, untested pairs are empty.
std::string render_matrix_svg(const SmokeReport& report);

}  // namespace smlaunch
