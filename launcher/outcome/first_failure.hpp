// SPDX-License-Identifier: Apache-2.0
// Who failed first, and whose end was only the consequence: by the times of the agents, brought to the
// leader's clock, with how sure that is. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/outcome/job_record.hpp"

namespace smlaunch {

struct FirstFailure {
  Rank rank = {};
  std::string host = {};
  std::optional<RankEnd> end = {};              // nothing: it was lost or never ran
  std::optional<std::string> not_started = {};  // why it never ran
  double seconds = 0;
  bool certain = true;
  std::vector<Rank> tied_with = {};
  // It failed (`seconds`: its traceback) before any other, though it did not end first: those in tied_with
  // ended before it, because their peer was gone.
  bool before_its_end = false;
  bool ended_first = true;  // no other had ended before it, not even well

  [[nodiscard]] std::optional<ExitStatus> status() const;
  // What to show of it: of a rank that never ran, the reason.
  [[nodiscard]] std::vector<std::string> last_lines() const;
  // Why it failed, in its own words on one line; nothing: it said nothing.
  [[nodiscard]] std::optional<std::string> reason() const;
};

enum class Cause { own, stopped_by_us, collateral };
std::string to_string(Cause cause);

// It could not be started, or ended badly without being told to.
bool failed_by_itself(const RankRecord& rank);

// The earliest end among those that failed by themselves, and who may have been before it after all.
std::optional<FirstFailure> find_first_failure(const JobRecord& record, const RankHosts& hosts);

// The ranks that had left with code 0, the earliest first, before `failure`, which only says that a peer was gone.
// None, where it has a reason of its own.
std::vector<Rank> find_early_leavers(const JobRecord& record, const FirstFailure& failure);

// How a rank ended, as a failure.
FirstFailure make_failure_of(const JobRecord& record, Rank rank, const RankHosts& hosts);

// Why each rank ended as it did, given who was first.
Indexed<Rank, Cause> find_causes(const JobRecord& record, const std::optional<FirstFailure>& first);

// The rank that was heard last before all others that are lost; one that mpirun, or somebody, has ended, only where
// there is no other. A rank that outlives our SIGKILL was there when whatever made us send it happened: it is not
// counted.
std::optional<FirstFailure> find_first_loss(const JobRecord& record, const RankHosts& hosts);

// The loss that a lost job is told by. mpirun that misses a host ends the agents of all others: the host that
// is gone is then the one that stays silent after our SIGKILL.
std::optional<FirstFailure> find_loss_to_tell(const JobRecord& record, const RankHosts& hosts);

// A host that vanishes makes other ranks fail: was the loss before the failure, or its cause?
bool lost_before(const FirstFailure& loss, const FirstFailure& failure, const JobRecord& record);

// The rank that mpirun says has left without MPI_Finalize.
std::optional<FirstFailure> find_improper_exit(const JobRecord& record, const RankHosts& hosts);

// How many hosts there are beside the leader's, where they are several and each has fallen silent: then it is the
// leader that nobody hears. Else 0.
std::size_t count_hosts_if_leader_is_cut_off(const JobRecord& record, const RankHosts& hosts);

// Hosts that may not be there, or not be sound, when the job is tried again.
std::vector<std::string> hosts_of_losses(const JobRecord& record, const RankHosts& hosts);

}  // namespace smlaunch
