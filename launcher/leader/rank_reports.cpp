// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_reports.hpp"

#include <fmt/format.h>

#include "launcher/channel/device_messages.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/channel/stop_messages.hpp"
#include "launcher/inspect/short_waits.hpp"
#include "launcher/leader/starter_shares.hpp"
#include "launcher/plan/starter.hpp"

namespace smlaunch {

namespace {

// Where thousands of ranks leave something running, a line for each would bury the reason.
constexpr int most_leftovers_said = 3;
constexpr int most_progress_events = 1000;
constexpr const char* rank_value = "rank";
constexpr std::uint64_t one_second_ns = 1'000'000'000;

void add_end(EventLine& line, const ExitStatus& status) {
  const auto* signaled = std::get_if<Signaled>(&status);
  line.event = signaled != nullptr ? "signal" : "exit";
  line.numbers.emplace_back(signaled != nullptr ? "signal" : "exit_code",
                            signaled != nullptr ? signaled->signal : std::get<Exited>(status).code);
}

}  // namespace

RankReports::RankReports(const LaunchPlan& plan, const LeaderWorld& world, EventLog& events,
                         JobPhases& phases, bool has_pattern)
    : plan_(plan),
      world_(world),
      events_(events),
      phases_(phases),
      start_ns_(world.loop.now_ns()),
      clocks_(plan.world_size()),
      activity_(plan.world_size(), start_ns_, has_pattern),
      watch_(plan),
      devices_(plan, world, events) {
  for (const RankPlace& place : plan.layout.ranks) {
    hosts_.push_back(plan.cluster.hosts[place.node_rank].name);
    if (plan.cluster.hosts.size() == 1 || hosts_.back() == plan.current_host) clocks_.share(place.rank);
  }
}

void RankReports::warn(const std::vector<std::string>& sentences) {
  for (const std::string& sentence : sentences) world_.output.say("warning: " + sentence);
}

Event RankReports::joined(Rank rank, const Hello& hello) {
  if (hello.version != SMLAUNCH_VERSION)
    world_.output.say(fmt::format("{} on {} runs smlaunch {}, this is {}", name_program(plan_, rank),
                                  host(rank), hello.version, SMLAUNCH_VERSION));
  if (rank.value == 0) master_port_ = hello.master_port;
  watch_.joined(rank, hello);
  phases_.joined(host(rank), world_.loop.now_ns());
  if (const auto elsewhere = watch_.found_elsewhere(rank, hello))
    return EngineEnded{.failure = RankMisplaced{.engine = to_string(plan_.engine),
                                                .rank = first_rank_of(plan_, rank),
                                                .host = *elsewhere,
                                                .planned_host = host(rank)}};
  return AgentJoined{rank};
}

std::optional<Event> RankReports::take(Rank rank, const Frame& frame) {
  const std::uint64_t now = world_.loop.now_ns();
  switch (frame.kind) {
    case FrameKind::output:
      if (const auto output = decode_output(frame.payload))
        print(rank, output->is_stderr, clocks_.on_our_clock(rank, output->time_ns, start_ns_, now).ns,
              output->lines, output->rank);
      return {};
    case FrameKind::started:
      if (const auto report = decode_started(frame.payload)) return started(rank, *report);
      return {};
    case FrameKind::start_failed:
      event("exit", rank, {{"error", frame.payload}});
      warn(watch_.started(rank, nullptr));
      return RankNotStarted{.rank = rank, .reason = frame.payload};
    case FrameKind::ended:
      if (const auto report = decode_ended(frame.payload)) return ended(rank, *report);
      return {};
    case FrameKind::end_unknown:
      event("exit", rank, {{"error", frame.payload}});
      return AgentLost{.rank = rank, .loss = EndUnknown{frame.payload}, .seconds = seconds_at(now)};
    case FrameKind::left_running:
      if (auto left = decode_left_running(frame.payload))
        return left_running(rank, std::move(left->processes));
      return {};
    case FrameKind::progress:
      if (auto report = decode_progress(frame.payload)) return progressed(rank, std::move(*report));
      return {};
    case FrameKind::starter_rank:
      if (const auto news = decode_starter_rank(frame.payload)) return starter_rank_told(rank, *news);
      return {};
    case FrameKind::device:
      if (auto news = decode_device_news(frame.payload)) return devices_reported(rank, std::move(*news));
      return {};
    case FrameKind::inspected:
      if (auto state = decode_rank_state(frame.payload))
        return RankInspected{
            .rank = rank, .state = std::move(*state), .cores_used = activity_.cores_used(rank)};
      return {};
    default: return {};
  }
}

void RankReports::pong(Rank rank, const Pong& pong) {
  const std::uint64_t now = world_.loop.now_ns();
  clocks_.measure(rank, pong, now);
  activity_.used(rank, pong.agent_ns, pong.cpu_ns);
  // From a rank whose lines nobody wants, only its agent's message comes.
  if (pong.output_ns > 0)
    activity_.printed(rank, clocks_.on_our_clock(rank, pong.output_ns, start_ns_, now).ns);
}

// A starter whose ranks tell their own is no rank.
EventLine RankReports::event_of(const std::string& name, Rank rank) const {
  EventLine line{.event = name, .host = host(rank)};
  if (plan_.shares.empty())
    line.rank = rank.value;
  else
    line.texts.emplace_back("starter", to_string(plan_.launcher));
  return line;
}

std::optional<Event> RankReports::starter_rank_told(Rank starter, const StarterRankNews& news) {
  if (!is_of_starter(plan_, starter, Rank{news.rank})) return {};
  const std::uint64_t now = world_.loop.now_ns();
  const double seconds = seconds_at(clocks_.on_our_clock(starter, news.time_ns, start_ns_, now).ns);
  EventLine line{.event = news.has_ended ? "exit" : "spawn", .rank = news.rank, .host = host(starter)};
  if (news.status) add_end(line, *news.status);
  line.numbers.emplace_back("pid", news.pid);
  events_.add(line);
  return StarterRankTold{
      .starter = starter,
      .rank = Rank{news.rank},
      .now = {.pid = news.pid, .has_ended = news.has_ended, .status = news.status, .seconds = seconds},
      .is_final = news.is_final};
}

Event RankReports::started(Rank rank, const Started& started) {
  warn(watch_.started(rank, &started));
  EventLine line = event_of("spawn", rank);
  line.texts.emplace_back("cpus", started.cpus);
  line.texts.emplace_back("numa", started.numa);
  line.numbers.emplace_back("pid", started.pid);
  events_.add(line);
  return RankStarted{.rank = rank, .pid = started.pid};
}

Event RankReports::ended(Rank rank, const Ended& ended) {
  const std::uint64_t now = world_.loop.now_ns();
  const Moment end = clocks_.on_our_clock(rank, ended.time_ns, start_ns_, now);
  std::optional<double> traceback;
  if (ended.traceback_ns > 0)
    traceback = seconds_at(clocks_.on_our_clock(rank, ended.traceback_ns, start_ns_, now).ns);
  phases_.ended(host(rank), end.ns);
  EventLine line = event_of("exit", rank);
  add_end(line, ended.end.status);
  events_.add(line);
  const double uncertainty = end.uncertainty + static_cast<double>(ended.waited_ns) * 1e-9;
  return RankEnded{
      .rank = rank,
      .end = ended.end,
      .times = {.seconds = seconds_at(end.ns), .uncertainty = uncertainty, .traceback_seconds = traceback}};
}

void RankReports::say_other_leftovers() const {
  const int others = ranks_with_leftovers_ - most_leftovers_said;
  if (others > 0)
    world_.output.say(
        fmt::format("{} more rank{} left something running, which was told to end: see left_running in "
                    "the report",
                    others, others == 1 ? "" : "s"));
}

Event RankReports::left_running(Rank rank, std::vector<LeftProcess> processes) {
  std::vector<std::string> names;
  for (const LeftProcess& each : processes) {
    names.push_back(fmt::format("{} (pid {})", each.command, each.pid));
    EventLine line = event_of("leftover", rank);
    if (each.rank && is_of_starter(plan_, rank, Rank{*each.rank})) line.rank = *each.rank;
    line.texts.emplace_back("command", each.command);
    line.numbers.emplace_back("pid", each.pid);
    events_.add(line);
  }
  if (++ranks_with_leftovers_ <= most_leftovers_said)
    world_.output.say(fmt::format(
        "{} on {} has ended and left running: {}; told to end now (--leftover-grace SECONDS would "
        "let it finish)",
        name_program(plan_, rank), host(rank), fmt::join(names, ", ")));
  return RankLeftRunning{.rank = rank, .processes = std::move(processes)};
}

void RankReports::print(Rank rank, bool is_stderr, std::uint64_t read_ns, std::string_view lines,
                        std::optional<int> of_starter) {
  activity_.printed(rank, world_.loop.now_ns());
  const bool is_known = of_starter && is_of_starter(plan_, rank, Rank{*of_starter});
  if (!phases_.any_printed()) {
    EventLine line = event_of("first_output", rank);
    if (is_known) line.rank = *of_starter;
    events_.add(line);
  }
  if (!phases_.has_printed(host(rank))) phases_.printed(host(rank), read_ns);
  if (is_known)
    world_.output.print_of_starter(rank, Rank{*of_starter}, is_stderr, seconds_at(read_ns), lines);
  else
    world_.output.print(rank, is_stderr, seconds_at(read_ns), lines);
  if (world_.output.is_long()) world_.channel.pause(true);
}

void RankReports::spawned() {
  warn(watch_.odd_hosts());
  phases_.spawned(world_.loop.now_ns());
  activity_.forget(world_.loop.now_ns());
}

JobSilence RankReports::silence() {
  const std::uint64_t now = world_.loop.now_ns();
  if (world_.output.is_long()) activity_.forget(now);
  return activity_.silence(now);
}

// The ranks of torchrun share their agent, and tell themselves who speaks. They may tell anything.
std::optional<Rank> RankReports::take_teller(Rank rank, ProgressValues& values) const {
  constexpr double most_ranks = 1e6;
  std::optional<Rank> told;
  if (const auto found = values.find(rank_value); found != values.end()) {
    if (found->second >= 0 && found->second < most_ranks) told = Rank{static_cast<int>(found->second)};
    values.erase(found);
  }
  if (!has_starter(plan_.launcher)) return rank;
  const bool can_be = told && (plan_.shares.empty() || is_of_starter(plan_, rank, *told));
  return can_be ? told : std::nullopt;
}

// A job that runs for weeks leaves no file of all that its ranks have told: after the first so many, one a second.
Event RankReports::progressed(Rank rank, ProgressReport report) {
  const auto told_by = take_teller(rank, report.progress.values);
  const std::uint64_t now = world_.loop.now_ns();
  const std::uint64_t then = clocks_.on_our_clock(rank, report.time_ns, start_ns_, now).ns;
  if (report.progress.is_only_a_wish())
    activity_.printed(rank, now);
  else
    activity_.progressed(rank, now);
  if (const auto step = report.progress.values.find(std::string(step_value));
      told_by && step != report.progress.values.end()) {
    step_times_.told(told_by->value, step->second, seconds_at(then));
    step_hosts_[told_by->value] = host(rank);
  }
  const bool is_one_of_the_first = progress_events_ < most_progress_events;
  if (is_one_of_the_first) ++progress_events_;
  if (is_one_of_the_first || now - last_progress_event_ns_ >= one_second_ns || report.progress.ask) {
    last_progress_event_ns_ = now;
    EventLine line{.event = "progress", .host = host(rank), .values = report.progress.values};
    if (told_by) line.rank = told_by->value;
    if (report.progress.ask) line.texts.emplace_back("asks", to_string(*report.progress.ask));
    events_.add(std::move(line));
  }
  return RankProgressed{.rank = rank,
                        .told_by = told_by,
                        .host = host(rank),
                        .seconds = seconds_at(then),
                        .progress = std::move(report.progress)};
}

Event RankReports::devices_reported(Rank rank, DeviceNews news) {
  const std::uint64_t now = world_.loop.now_ns();
  const auto seconds_of = [&](std::uint64_t ns) {
    return seconds_at(clocks_.on_our_clock(rank, ns, start_ns_, now).ns);
  };
  return DevicesReported{devices_.take(plan_.layout.ranks[rank].node_rank, seconds_of(news.since_ns),
                                       seconds_of(news.time_ns), std::move(news.events))};
}

void RankReports::tell_slow_ranks() {
  for (const SlowRank& slow : step_times_.take_slow(seconds_at(world_.loop.now_ns()))) {
    hint_at_slow_rank(
        slow.rank, step_hosts_[slow.rank],
        fmt::format("takes {:.3g} s a step, where {} {:.3g} s (the median)", slow.seconds_a_step,
                    slow.others == 1 ? "the other takes" : "others take", slow.others_seconds_a_step));
  }
}

void RankReports::tell_slow_ranks(const std::vector<RankLook>& looks) {
  for (const ShortWaits& each : find_short_waits(looks))
    if (awaited_ranks_.insert(each.rank).second)
      hint_at_slow_rank(each.rank.value, each.host, describe(each));
}

void RankReports::hint_at_slow_rank(int rank, const std::string& host, const std::string& words) {
  world_.output.say(fmt::format("hint: slow rank: rank {} on {} {}", rank, host, words));
  events_.add(
      {.event = "progress", .rank = rank, .host = host, .texts = {{"hint", "slow rank"}, {"text", words}}});
}

void RankReports::event(const std::string& name, std::optional<Rank> rank,
                        std::vector<std::pair<std::string, std::string>> texts) {
  EventLine line = rank ? event_of(name, *rank) : EventLine{.event = name};
  line.texts.insert(line.texts.end(), texts.begin(), texts.end());
  events_.add(line);
}

}  // namespace smlaunch
