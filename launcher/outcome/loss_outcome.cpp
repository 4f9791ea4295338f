// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/loss_outcome.hpp"

#include <fmt/format.h>

#include "launcher/evidence/mpirun_words.hpp"
#include "launcher/outcome/failure_sentence.hpp"
#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

namespace {

std::string describe_engine(const JobRecord& record) {
  const std::string reason = find_mpirun_reason(record.engine_lines);
  return describe(*record.engine_failure) + (reason.empty() ? "" : ": " + reason);
}

std::string missing_ranks(const JobRecord& record, const RankHosts& hosts) {
  std::vector<Rank> missing;
  std::string first_host;
  for (const Rank each : record.ranks.indices()) {
    if (record.ranks[each].joined) continue;
    if (missing.empty()) first_host = hosts[each];
    for (const Rank rank : ranks_of_entry(record, each)) missing.push_back(rank);
  }
  if (missing.empty()) return "";
  return fmt::format("; never heard of: rank{} {} (first on {})", missing.size() == 1 ? "" : "s",
                     list_ranks(missing), first_host);
}

// The lowest rank of a host that was lost, or nothing where the host runs no rank.
std::optional<FirstFailure> first_of_host(const JobRecord& record, const RankHosts& hosts,
                                          const std::string& host) {
  for (const Rank each : hosts.indices()) {
    if (hosts[each] != host) continue;
    FirstFailure first = make_failure_of(record, each, hosts);
    first.end.reset();
    return first;
  }
  return {};
}

// Where only mpirun has ended ranks: the host whose daemon mpirun says it has lost.
std::string lost_daemon(const JobRecord& record, const std::optional<FirstFailure>& loss) {
  const bool by_mpirun = !record.worker_loss && loss && record.ranks[loss->entry].is_lost_by<EndedByOthers>();
  return by_mpirun ? find_lost_daemon(record.engine_lines) : "";
}

std::string describe_what_was_lost(const JobRecord& record, const std::optional<FirstFailure>& loss,
                                   const std::string& starter) {
  if (record.worker_loss) return describe_host_loss(record.worker_loss->host, record.worker_loss->loss);
  const std::string engine = record.engine_failure ? describe_engine(record) : "";
  if (!loss) return engine;
  if (const std::string daemon = lost_daemon(record, loss); !daemon.empty())
    return describe_lost_daemon(daemon);
  const RankLoss& why = *record.ranks[loss->entry].loss;
  // An agent that mpirun has ended tells nothing about the cause.
  const bool engine_first = record.engine_failure && (record.engine_seconds < loss->seconds ||
                                                      std::holds_alternative<EndedByOthers>(why));
  if (engine_first && !std::holds_alternative<OutlivedKill>(why)) return engine;
  return describe_loss(name_culprit(*loss, starter), *loss, why);
}

}  // namespace

Outcome make_loss(const JobRecord& record, const RankHosts& hosts, const std::string& starter) {
  if (const std::size_t silent = count_hosts_if_leader_is_cut_off(record, hosts); silent > 0) {
    Outcome outcome =
        make_failure(FailureClass::lost_host, describe_cut_off_leader(record.leader_host, silent));
    outcome.first_failure = find_first_loss(record, hosts);
    return outcome;
  }
  const auto loss = find_loss_to_tell(record, hosts);
  Outcome outcome = make_failure(FailureClass::lost_host, describe_what_was_lost(record, loss, starter));
  outcome.hosts_at_fault = hosts_of_losses(record, hosts);
  if (const std::string daemon = lost_daemon(record, loss); !daemon.empty())
    outcome.hosts_at_fault = {daemon};
  outcome.first_failure = record.worker_loss ? first_of_host(record, hosts, record.worker_loss->host) : loss;
  return outcome;
}

Outcome make_not_started(const JobRecord& record, const RankHosts& hosts) {
  const auto& failure = record.engine_failure;
  if (failure && std::holds_alternative<RankMisplaced>(*failure))
    return make_failure(FailureClass::start, describe(*failure));
  if (find_first_loss(record, hosts) || record.worker_loss) {
    Outcome outcome = make_loss(record, hosts, "");
    outcome.first_failure.reset();
    outcome.message = "the job could not be started: " + outcome.message;
    return outcome;
  }
  const std::string reason = find_mpirun_reason(record.engine_lines);
  const std::string why = record.start_timed_out
                              ? "not every rank's agent came in time" + (reason.empty() ? "" : ": " + reason)
                          : failure ? describe_engine(record)
                                    : "it ended before its ranks had started";
  // An mpirun that has ended for another reason has waited for nobody.
  const bool are_awaited = record.start_timed_out || (failure && tells_of_daemons(reason));
  const std::string daemons =
      are_awaited ? describe_missing_daemons(record.missing_daemons, record.leader_host) : "";
  return make_failure(FailureClass::start,
                      fmt::format("the job could not be started: {}{}", why,
                                  daemons.empty() ? missing_ranks(record, hosts) : daemons));
}

}  // namespace smlaunch
