// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/localiser.hpp"

#include <algorithm>
#include <cmath>

namespace smlaunch {

namespace {

// A pair below this share of the best is slow.
constexpr double slow_share = 0.6;

// Round `round` of n - 1 rounds, in which every two units meet once. An odd n is made even by a unit that is
// not there.
std::vector<std::vector<TestedUnit>> circle_round(int units, int round) {
  const int even = units + units % 2;
  const int turning = even - 1;
  std::vector<std::vector<TestedUnit>> pairs;
  const auto add = [&](int a, int b) {
    if (a < units && b < units) pairs.push_back({TestedUnit{std::min(a, b)}, TestedUnit{std::max(a, b)}});
  };
  add(round, turning);
  for (int i = 1; i < even / 2; ++i) add((round + i) % turning, (round - i + turning) % turning);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

int circle_length(int units) { return units < 2 ? 0 : units + units % 2 - 1; }

bool contains(const std::vector<TestedUnit>& all, TestedUnit one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

double Localiser::slow_limit() const {
  if (!settings_.judges_speed) return 0;
  if (settings_.slow_below_gbps) return *settings_.slow_below_gbps;
  std::vector<double> speeds;
  for (const GroupResult& result : results_)
    if (result.units.size() == 2 && result.passed() && result.busbw_gbps)
      speeds.push_back(*result.busbw_gbps);
  if (speeds.empty()) return 0;
  std::sort(speeds.begin(), speeds.end());
  const auto best = static_cast<std::size_t>(std::lround(0.9 * static_cast<double>(speeds.size() - 1)));
  return slow_share * speeds[best];
}

bool Localiser::is_bad(const GroupResult& result, double limit) const {
  if (!result.passed()) return true;
  return settings_.judges_speed && result.units.size() == 2 && result.busbw_gbps.value_or(limit) < limit;
}

Localiser::View Localiser::look() const {
  const auto units = static_cast<std::size_t>(settings_.units);
  View view{Indexed<TestedUnit, State>(units, State::unknown),
            Indexed<TestedUnit, std::vector<TestedUnit>>(units)};
  Indexed<TestedUnit, std::vector<TestedUnit>> failed_with(units);
  const double limit = slow_limit();
  for (const GroupResult& result : results_) {
    const bool bad = is_bad(result, limit);
    if (result.units.size() == 1) {
      if (bad) view.states[result.units[0]] = State::bad;
      continue;
    }
    for (std::size_t side = 0; side < 2; ++side) {
      const TestedUnit unit = result.units[side];
      const TestedUnit partner = result.units[1 - side];
      view.partners[unit].push_back(partner);
      if (bad) failed_with[unit].push_back(partner);
      if (view.states[unit] == State::bad || view.states[unit] == State::good) continue;
      view.states[unit] = bad ? State::suspect : State::good;
    }
  }
  const auto others = static_cast<std::size_t>(
      std::count_if(view.states.begin(), view.states.end(), [](State state) { return state != State::bad; }) -
      1);
  for (const TestedUnit unit : view.states.indices()) {
    if (view.states[unit] != State::suspect) continue;
    std::vector<TestedUnit> partners = failed_with[unit];
    std::sort(partners.begin(), partners.end());
    partners.erase(std::unique(partners.begin(), partners.end()), partners.end());
    const bool any_good = std::any_of(partners.begin(), partners.end(), [&](TestedUnit partner) {
      return view.states[partner] == State::good;
    });
    if (any_good && partners.size() >= std::min<std::size_t>(2, others)) view.states[unit] = State::bad;
  }
  return view;
}

// Pairs each unit that is not known to be good with a good unit that it has not met, as far as there are
// enough.
std::vector<std::vector<TestedUnit>> Localiser::pairs_with_good(const View& view) const {
  std::vector<TestedUnit> good;
  for (const TestedUnit unit : view.states.indices())
    if (view.states[unit] == State::good) good.push_back(unit);
  std::vector<std::vector<TestedUnit>> pairs;
  for (const TestedUnit unit : view.states.indices()) {
    const State state = view.states[unit];
    if (state != State::suspect && state != State::unknown) continue;
    const auto partner = std::find_if(
        good.begin(), good.end(), [&](TestedUnit other) { return !contains(view.partners[unit], other); });
    if (partner == good.end()) continue;
    pairs.push_back({std::min(unit, *partner), std::max(unit, *partner)});
    good.erase(partner);
  }
  return pairs;
}

// The next round of the circle with pairs that have not met and whose units are both at least `least`.
std::vector<std::vector<TestedUnit>> Localiser::next_circle_round(const View& view, State least) {
  while (circle_ < circle_length(settings_.units)) {
    std::vector<std::vector<TestedUnit>> round = circle_round(settings_.units, circle_++);
    std::erase_if(round, [&](const std::vector<TestedUnit>& pair) {
      const auto is_out = [&](TestedUnit unit) {
        const State state = view.states[unit];
        return state == State::bad || (least == State::good && state != State::good);
      };
      return is_out(pair[0]) || is_out(pair[1]) || contains(view.partners[pair[0]], pair[1]);
    });
    if (!round.empty()) return round;
  }
  return {};
}

std::vector<std::vector<TestedUnit>> Localiser::next_round() {
  if (!alone_done_) {
    alone_done_ = true;
    std::vector<std::vector<TestedUnit>> round;
    for (int unit = 0; unit < settings_.units; ++unit) round.push_back({TestedUnit{unit}});
    if (settings_.tests_alone && !round.empty()) return round;
  }
  const View view = look();
  const auto count = [&](State state) { return std::count(view.states.begin(), view.states.end(), state); };
  if (count(State::suspect) + count(State::unknown) > 0 && pair_rounds_ < settings_.most_pair_rounds) {
    ++pair_rounds_;
    if (auto round = pairs_with_good(view); !round.empty()) return round;
    if (auto round = next_circle_round(view, State::unknown); !round.empty()) return round;
  }
  const LocaliserFindings found = findings();
  const bool explained = !found.bad.empty() || !found.bad_links.empty() || !found.undecided.empty();
  const bool wants_links = settings_.all_pairs || (!explained && link_rounds_ < settings_.most_link_rounds);
  if (!wants_links) return {};
  std::vector<std::vector<TestedUnit>> round = next_circle_round(view, State::good);
  if (!round.empty()) ++link_rounds_;
  return round;
}

LocaliserFindings Localiser::findings() const {
  LocaliserFindings found;
  const View view = look();
  int usable = 0;
  for (const TestedUnit unit : view.states.indices()) {
    const State state = view.states[unit];
    if (state == State::bad) found.bad.push_back(unit);
    if (state == State::suspect) found.undecided.push_back(unit);
    if (state != State::bad) ++usable;
  }
  found.pairs_possible = usable * (usable - 1) / 2;
  const double limit = slow_limit();
  std::vector<std::pair<TestedUnit, TestedUnit>> seen;
  for (const GroupResult& result : results_) {
    if (result.units.size() != 2) continue;
    const std::pair<TestedUnit, TestedUnit> link{result.units[0], result.units[1]};
    const State a = view.states[link.first];
    const State b = view.states[link.second];
    if (a != State::bad && b != State::bad && std::find(seen.begin(), seen.end(), link) == seen.end()) {
      seen.push_back(link);
      ++found.pairs_tested;
    }
    if (a == State::good && b == State::good && is_bad(result, limit)) found.bad_links.push_back(link);
  }
  return found;
}

}  // namespace smlaunch
