// SPDX-License-Identifier: Apache-2.0
// The words of an outcome, made last and out of values: nothing but a person reads them again. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/first_failure.hpp"
#include "launcher/outcome/starter_failure.hpp"

namespace smlaunch {

// "rank 2 on algo-2"
std::string name_of(Rank rank, const std::string& host);

// "1, 2, 3 and 5 more"
std::string list_ranks(const std::vector<Rank>& ranks);

// How a rank ended that failed first, by whom it is called: "rank 2 on algo-2 exited with code 3 2.0 s after
// the start, before any other: ValueError: no". `is_only_rank`: there are no others. It has ended.
std::string describe_end(const std::string& who, const FirstFailure& first, bool is_only_rank);

// The same of a torchrun that says which of its ranks it was: "rank 3 on algo-2 exited with code 7, says
// torchrun, which ended 2.0 s after the start, …".
std::string describe_end(const StarterFailure& failure, const FirstFailure& torchrun, bool is_only_rank);

// "rank 1 on algo-1 ended with code 0 1.0 s after the start, while others still ran; …". `left`: `leaver`, and who
// left after it. `failure`: describe_end() of a rank that failed of it.
std::string describe_early_leave(const std::string& who, const FirstFailure& leaver,
                                 const std::vector<Rank>& left, const std::string& failure);

// "rank 2 on algo-2 could not be started: …"
std::string describe_not_started(const std::string& who, const FirstFailure& first);

// It left without MPI_Finalize.
std::string describe_improper_exit(const std::string& who, const FirstFailure& first);

// "rank 2 on algo-2 was lost 2.0 s after the start: …"
std::string describe_loss(const std::string& who, const FirstFailure& lost, const RankLoss& why);

// mpirun has lost its daemon on a host that still answers.
// "; mpirun's daemon on algo-3 has not connected to mpirun on algo-1: …"; empty where there is no host.
std::string describe_missing_daemons(const std::vector<std::string>& hosts, const std::string& leader);
std::string describe_lost_daemon(const std::string& host);

// "no other host answers algo-1: …"
std::string describe_cut_off_leader(const std::string& leader, std::size_t hosts);

// "algo-2 was lost: …"
std::string describe_host_loss(const std::string& host, const HostLoss& why);

}  // namespace smlaunch
