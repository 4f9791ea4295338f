// SPDX-License-Identifier: Apache-2.0
// Which rank failed first, and whose end was only a consequence: by the agents' times on the leader's clock,
// and how sure that is. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/outcome/job_record.hpp"

namespace smlaunch {

struct FirstFailure {
  Rank rank = {};  // of a starter that has failed, and not one of its ranks: its first rank
  std::string host = {};
  std::optional<RankEnd> end = {};              // nothing: it was lost or never ran
  std::optional<std::string> not_started = {};  // why it never ran
  double seconds = 0;
  bool certain = true;
  std::vector<Rank> tied_with = {};
  // It failed (`seconds`: its traceback) before any other, but did not end first: the ranks in tied_with
  // ended before it, because their peer was gone.
  bool before_its_end = false;
  bool ended_first = true;                 // no other rank can have ended before it, not even well
  std::vector<std::string> evidence = {};  // what devices of its host said before, in words
  Rank entry = {};                         // of the record (record_entries.hpp)
  bool is_of_starter = false;              // all that is known is that the starter failed, or was lost

  [[nodiscard]] std::optional<ExitStatus> status() const;
  // Its last lines; for a rank that never ran, the reason.
  [[nodiscard]] std::vector<std::string> last_lines() const;
  // Why it failed, in its own words on one line; nothing: it said nothing.
  [[nodiscard]] std::optional<std::string> reason() const;
};

enum class Cause { own, stopped_by_us, collateral };
std::string to_string(Cause cause);

// The rank could not be started, or ended badly though nobody had told it to end.
bool failed_by_itself(const RankRecord& rank);

// The earliest end among the ranks that failed by themselves, and the ranks that may have been earlier after
// all. Of starters these are their entries.
std::optional<FirstFailure> find_first_failure(const JobRecord& record, const RankHosts& hosts);

// The end of a rank or of a starter, as a failure.
FirstFailure make_failure_of(const JobRecord& record, Rank entry, const RankHosts& hosts);

// Why each entry of the record ended; `first`: what failed first.
Indexed<Rank, Cause> find_causes(const JobRecord& record, const std::optional<FirstFailure>& first);

// The lost rank that fell silent first. A rank whose agent mpirun, or somebody else, has ended counts only
// where there is no other. A rank that outlives our SIGKILL does not count: it was still there when we had a
// reason to send that signal.
std::optional<FirstFailure> find_first_loss(const JobRecord& record, const RankHosts& hosts);

// The loss that the sentence of a lost job names. When mpirun misses a host, it ends the agents of all
// others; then the host that stays silent after our SIGKILL is the host that is gone.
std::optional<FirstFailure> find_loss_to_tell(const JobRecord& record, const RankHosts& hosts);

// A host that vanishes makes other ranks fail: was the loss before the failure, or its cause?
bool lost_before(const FirstFailure& loss, const FirstFailure& failure, const JobRecord& record);

// The rank that mpirun says has left without MPI_Finalize.
std::optional<FirstFailure> find_improper_exit(const JobRecord& record, const RankHosts& hosts);

// The number of hosts beside the leader's, where there are several and each of them has fallen silent: then
// it is the leader that nobody hears. Else 0.
std::size_t count_hosts_if_leader_is_cut_off(const JobRecord& record, const RankHosts& hosts);

// Hosts that may not be there, or not be sound, when the job is tried again.
std::vector<std::string> hosts_of_losses(const JobRecord& record, const RankHosts& hosts);

}  // namespace smlaunch
