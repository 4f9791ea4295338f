// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/await_hosts.hpp"

#include <memory>
#include <utility>

#include "launcher/session/code_on_hosts.hpp"
#include "launcher/session/host_answers.hpp"
#include "launcher/session/host_checks.hpp"
#include "launcher/session/host_names.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/this_host/own_host.hpp"

namespace smlaunch {

namespace {

class Awaiting : public std::enable_shared_from_this<Awaiting> {
 public:
  Awaiting(HostWaits& waits, const Options& options, Job& job, const LaunchPlan& plan, AwaitedHosts awaited,
           FindWorkerCode find_code, EventLog& events, std::function<void(ReadyResult)> done)
      : waits_(waits),
        options_(options),
        job_(job),
        plan_(plan),
        awaited_(std::move(awaited)),
        find_code_(std::move(find_code)),
        events_(events),
        done_(std::move(done)) {}

  void begin() {
    wait_for_hosts(
        waits_, plan_.wanted_interfaces, awaited_.request, awaited_.farewell, job_.spare_hosts,
        [self = shared_from_this()] { return find_failed_code(self->job_, self->find_code_()); }, events_,
        [self = shared_from_this()](HostsReady hosts) { self->hosts_came(std::move(hosts)); });
  }

 private:
  void hosts_came(HostsReady hosts) {
    hosts_ = std::move(hosts);
    note_domains(hosts_.report, job_.domains);
    if (hosts_.result.outcome) return code_came({});
    awaited_.request.progress = nullptr;  // it is told of the hosts, and not of the code on some of them
    wait_for_code(
        waits_, options_, job_, std::move(awaited_.request), hosts_.report, find_code_, events_,
        [self = shared_from_this()](std::optional<Outcome> outcome) { self->code_came(std::move(outcome)); });
  }

  void code_came(std::optional<Outcome> outcome) {
    if (outcome) hosts_.result.outcome = std::move(outcome);
    warn_of_folders(hosts_.report, job_.environment->current_host);
    drop_spares_without_code(job_.spare_hosts, find_code_());
    if (hosts_.result.outcome) return finish();
    check_hosts(waits_, options_, job_, awaited_.check, events_,
                [self = shared_from_this()](std::optional<Outcome> unfit) {
                  self->hosts_.result.outcome = std::move(unfit);
                  self->finish();
                });
  }

  void finish() {
    hosts_.result.channel_host = probe_own_address(plan_.network_interface, awaited_.first_other_host);
    done_(std::move(hosts_.result));
  }

  HostWaits& waits_;
  const Options& options_;
  Job& job_;
  const LaunchPlan& plan_;
  AwaitedHosts awaited_;
  FindWorkerCode find_code_;
  EventLog& events_;
  std::function<void(ReadyResult)> done_;
  HostsReady hosts_;
};

}  // namespace

void await_hosts(HostWaits& waits, const Options& options, Job& job, const LaunchPlan& plan,
                 AwaitedHosts awaited, FindWorkerCode find_code, EventLog& events,
                 std::function<void(ReadyResult)> done) {
  std::make_shared<Awaiting>(waits, options, job, plan, std::move(awaited), std::move(find_code), events,
                             std::move(done))
      ->begin();
}

void await_names(HostWaits& waits, const Options& options, const Job& job, const HostCheck& check,
                 EventLog& events, std::function<void(ReadyResult)> done) {
  const auto check_them = [&, check, done = std::move(done)](std::optional<Outcome> unknown) {
    if (unknown) return done({.outcome = std::move(unknown)});
    check_hosts(waits, options, job, check, events,
                [done](std::optional<Outcome> unfit) { done({.outcome = std::move(unfit)}); });
  };
  if (!waits_for_names(job)) return check_them({});
  wait_for_names(waits, options, job.environment->hosts, events, check_them);
}

}  // namespace smlaunch
