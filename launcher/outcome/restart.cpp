// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/restart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "launcher/evidence/failure_reason.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::milliseconds first_wait{250};
constexpr std::chrono::milliseconds longest_wait{30000};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<double> lowest_step(const Outcome& outcome) {
  return outcome.progress ? outcome.progress->step : std::nullopt;
}

std::optional<double> failed_step(const Outcome& outcome) {
  return outcome.progress ? outcome.progress->failed_step : std::nullopt;
}

// Addresses of objects are other ones in each run.
std::string without_addresses(std::string text) {
  for (std::size_t at = text.find("0x"); at != std::string::npos; at = text.find("0x", at + 2)) {
    std::size_t end = at + 2;
    while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    text.erase(at + 2, end - at - 2);
  }
  return text;
}

std::optional<std::string> exception_of(const Outcome& outcome) {
  if (outcome.failure_class != FailureClass::user_code || !outcome.first_failure) return {};
  if (!outcome.first_failure->end) return {};
  auto reason = find_reason(outcome.first_failure->end->last_lines);
  if (!reason || !reason->is_error) return {};
  return without_addresses(std::move(reason->text));
}

bool came_further(const Outcome& outcome, const EarlierTries& earlier) {
  const auto step = lowest_step(outcome);
  return step && (!earlier.best_step || *step > *earlier.best_step);
}

bool failed_like_the_last(const Outcome& outcome, const EarlierTries& earlier) {
  return earlier.step && earlier.exception && failed_step(outcome) == earlier.step &&
         exception_of(outcome) == earlier.exception;
}

// By spares, and by the number of hosts that the job can do without.
bool can_leave_out(std::size_t missing, const RestartPolicy& policy) {
  const std::size_t beyond = missing > policy.spare_hosts ? missing - policy.spare_hosts : 0;
  return beyond == 0 || (policy.min_hosts && policy.hosts >= beyond + *policy.min_hosts);
}

// Those that were not ready can be done without.
RestartDecision decide_for_missing_hosts(const Outcome& outcome, const RestartPolicy& policy) {
  const std::size_t missing = outcome.hosts_at_fault.size();
  const bool leads = contains(outcome.hosts_at_fault, policy.leader);
  return {.is_tried_again = missing > 0 && can_leave_out(missing, policy) && !leads, .counts = false};
}

// A try on the very host that its rank wants left out would fail again. Nothing: it can be left out.
std::optional<std::string> why_asker_stays(const Outcome& outcome, const RestartPolicy& policy) {
  if (!outcome.asked || outcome.asked->ask != Ask::exclude_host) return {};
  const std::string wish = fmt::format("rank {} has asked for another try without its host {}",
                                       outcome.asked->rank.value, outcome.asked->host);
  if (outcome.asked->host == policy.leader) return wish + ", but that leads the job";
  if (!can_leave_out(outcome.hosts_at_fault.size(), policy))
    return wish + ", but no spare host is left, and --min-hosts allows no fewer";
  return {};
}

}  // namespace

void EarlierTries::add(const Outcome& failed) {
  fruitless = came_further(failed, *this) ? 0 : fruitless + 1;
  step = failed_step(failed);
  exception = exception_of(failed);
  if (const auto lowest = lowest_step(failed); lowest && (!best_step || *lowest > *best_step))
    best_step = lowest;
}

RestartDecision decide_restart(const Outcome& outcome, const RestartPolicy& policy) {
  if (outcome.kind != OutcomeKind::failure || outcome.stop_was_asked) return {};
  if (outcome.failure_class == FailureClass::not_ready) return decide_for_missing_hosts(outcome, policy);
  const bool may_be_tried = policy.max_restarts > 0;
  if (!may_be_tried) return {};
  if (outcome.asked && outcome.asked->ask == Ask::stop)
    return {.why_not = fmt::format("rank {} has asked for no other try", outcome.asked->rank.value)};
  if (auto why_not = why_asker_stays(outcome, policy)) return {.why_not = std::move(*why_not)};
  const bool is_asked_for = outcome.asked.has_value();
  if (!is_asked_for && !is_worth_another_try(outcome, policy.on)) {
    const bool is_user_code = outcome.failure_class == FailureClass::user_code;
    return {.why_not = is_user_code && policy.restarts == 0
                           ? "no other try: --restart-on does not name user_code or this exit code"
                           : ""};
  }
  if (!is_asked_for && failed_like_the_last(outcome, policy.earlier))
    return {.why_not = fmt::format(
                "the try before failed at the same step {:.10g} of the same exception: no other try",
                *policy.earlier.step)};
  const bool counts = !came_further(outcome, policy.earlier);
  if (counts && policy.restarts >= policy.max_restarts) return {};
  const int waits = counts ? std::min(policy.earlier.fruitless, 10) : 0;
  return {.is_tried_again = true,
          .counts = counts,
          .wait = waits == 0 ? std::chrono::milliseconds(0)
                             : std::min(longest_wait, first_wait * (1 << (waits - 1)))};
}

std::vector<Replacement> replace_hosts(Cluster& cluster, std::vector<std::string>& spares,
                                       const std::vector<std::string>& at_fault, const std::string& kept) {
  const std::set<std::string> lost(at_fault.begin(), at_fault.end());
  // A spare host that is not there either is of no use.
  std::erase_if(spares, [&](const std::string& spare) { return lost.contains(spare); });
  std::vector<Replacement> replaced;
  auto next = spares.begin();
  for (Host& host : cluster.hosts) {
    if (next == spares.end()) break;
    if (host.name == kept || !lost.contains(host.name)) continue;
    replaced.push_back({host.name, *next});
    host.name = *next++;
    if (host.source == TopologySource::probed) host.source = TopologySource::assumed;
  }
  spares.erase(spares.begin(), next);
  return replaced;
}

std::vector<std::string> drop_hosts(Cluster& cluster, const std::vector<std::string>& at_fault,
                                    const std::string& kept, std::size_t least) {
  const std::set<std::string> lost(at_fault.begin(), at_fault.end());
  const auto is_dropped = [&](const Host& host) { return host.name != kept && lost.contains(host.name); };
  std::vector<std::string> dropped;
  for (const Host& host : cluster.hosts)
    if (is_dropped(host)) dropped.push_back(host.name);
  if (dropped.empty() || cluster.hosts.size() < dropped.size() + least) return {};
  Indexed<NodeRank, Host> left;
  for (Host& host : cluster.hosts)
    if (!is_dropped(host)) left.push_back(std::move(host));
  cluster.hosts = std::move(left);
  return dropped;
}

}  // namespace smlaunch
