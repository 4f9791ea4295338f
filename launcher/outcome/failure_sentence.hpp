// SPDX-License-Identifier: Apache-2.0
// The words of an outcome. They are made last, out of values, and only people read them. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/first_failure.hpp"
#include "launcher/outcome/starter_failure.hpp"

namespace smlaunch {

// "rank 2 on algo-2"
std::string name_of(Rank rank, const std::string& host);

// The rank, or the program that stands for the ranks of its host: "torchrun on algo-2". `starter`: as in
// decide_outcome().
std::string name_culprit(const FirstFailure& first, const std::string& starter);

// "1, 2, 3 and 5 more"
std::string list_ranks(const std::vector<Rank>& ranks);

// How the rank that failed first ended: "rank 2 on algo-2 exited with code 3 2.0 s after the start, before
// any other: ValueError: no". `who`: the beginning of the sentence. `is_only_rank`: there are no others.
// `first.end` must be there.
std::string describe_end(const std::string& who, const FirstFailure& first, bool is_only_rank);

// The same for a torchrun that says which of its ranks failed: "rank 3 on algo-2 exited with code 7, says
// torchrun, which ended 2.0 s after the start, …".
std::string describe_end(const StarterFailure& failure, const FirstFailure& torchrun, bool is_only_rank);

// "rank 1 on algo-1 ended with code 0 1.0 s after the start, while others still ran; …". `left`: `leaver`
// and the ranks that left after it. `failure`: describe_end() of the rank that failed because of that.
std::string describe_early_leave(const std::string& who, const FirstFailure& leaver,
                                 const std::vector<Rank>& left, const std::string& failure);

// "rank 2 on algo-2 could not be started: …"
std::string describe_not_started(const std::string& who, const FirstFailure& first);

// The rank left without MPI_Finalize.
std::string describe_improper_exit(const std::string& who, const FirstFailure& first);

// "rank 2 on algo-2 was lost 2.0 s after the start: …"
std::string describe_loss(const std::string& who, const FirstFailure& lost, const RankLoss& why);

// "; mpirun's daemon on algo-3 has not connected to mpirun on algo-1: …"; empty where there is no host.
std::string describe_missing_daemons(const std::vector<std::string>& hosts, const std::string& leader);

// mpirun has lost its daemon on a host that still answers.
std::string describe_lost_daemon(const std::string& host);

// "no other host answers algo-1: …"
std::string describe_cut_off_leader(const std::string& leader, std::size_t hosts);

// "algo-2 was lost: …"
std::string describe_host_loss(const std::string& host, const HostLoss& why);

}  // namespace smlaunch
