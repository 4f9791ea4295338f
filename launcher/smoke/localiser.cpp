// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/localiser.hpp"

#include <algorithm>
#include <cmath>

namespace smlaunch {

namespace {

// A pair below this share of the best is slow.
constexpr double slow_share = 0.6;

// Round `round` of n - 1 (n made even by a host that is not there): every two meet once.
std::vector<std::vector<int>> circle_round(int hosts, int round) {
  const int even = hosts + hosts % 2;
  const int turning = even - 1;
  std::vector<std::vector<int>> pairs;
  const auto add = [&](int a, int b) {
    if (a < hosts && b < hosts) pairs.push_back({std::min(a, b), std::max(a, b)});
  };
  add(round, turning);
  for (int i = 1; i < even / 2; ++i) add((round + i) % turning, (round - i + turning) % turning);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

int circle_length(int hosts) { return hosts < 2 ? 0 : hosts + hosts % 2 - 1; }

bool contains(const std::vector<int>& all, int one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

double Localiser::slow_limit() const {
  if (!settings_.judges_speed) return 0;
  if (settings_.slow_below_gbps) return *settings_.slow_below_gbps;
  std::vector<double> speeds;
  for (const GroupResult& result : results_)
    if (result.hosts.size() == 2 && result.passed() && result.busbw_gbps)
      speeds.push_back(*result.busbw_gbps);
  if (speeds.empty()) return 0;
  std::sort(speeds.begin(), speeds.end());
  const auto best = static_cast<std::size_t>(std::lround(0.9 * static_cast<double>(speeds.size() - 1)));
  return slow_share * speeds[best];
}

bool Localiser::is_bad(const GroupResult& result, double limit) const {
  if (!result.passed()) return true;
  return settings_.judges_speed && result.hosts.size() == 2 && result.busbw_gbps.value_or(limit) < limit;
}

Localiser::View Localiser::look() const {
  const auto hosts = static_cast<std::size_t>(settings_.hosts);
  View view{std::vector<State>(hosts, State::unknown), std::vector<std::vector<int>>(hosts)};
  std::vector<std::vector<int>> failed_with(hosts);
  const double limit = slow_limit();
  for (const GroupResult& result : results_) {
    const bool bad = is_bad(result, limit);
    if (result.hosts.size() == 1) {
      if (bad) view.hosts[static_cast<std::size_t>(result.hosts[0])] = State::bad;
      continue;
    }
    for (int side = 0; side < 2; ++side) {
      const auto host = static_cast<std::size_t>(result.hosts[static_cast<std::size_t>(side)]);
      const int partner = result.hosts[static_cast<std::size_t>(1 - side)];
      view.partners[host].push_back(partner);
      if (bad) failed_with[host].push_back(partner);
      if (view.hosts[host] == State::bad || view.hosts[host] == State::good) continue;
      view.hosts[host] = bad ? State::suspect : State::good;
    }
  }
  const auto others = static_cast<std::size_t>(
      std::count_if(view.hosts.begin(), view.hosts.end(), [](State state) { return state != State::bad; }) -
      1);
  for (std::size_t host = 0; host < hosts; ++host) {
    if (view.hosts[host] != State::suspect) continue;
    std::vector<int> partners = failed_with[host];
    std::sort(partners.begin(), partners.end());
    partners.erase(std::unique(partners.begin(), partners.end()), partners.end());
    const bool any_good = std::any_of(partners.begin(), partners.end(), [&](int partner) {
      return view.hosts[static_cast<std::size_t>(partner)] == State::good;
    });
    if (any_good && partners.size() >= std::min<std::size_t>(2, others)) view.hosts[host] = State::bad;
  }
  return view;
}

// Each host that is not known to be good, with one that is and that it has not met; as far as they reach.
std::vector<std::vector<int>> Localiser::pairs_with_good(const View& view) const {
  std::vector<int> good;
  for (int host = 0; host < settings_.hosts; ++host)
    if (view.hosts[static_cast<std::size_t>(host)] == State::good) good.push_back(host);
  std::vector<std::vector<int>> pairs;
  for (int host = 0; host < settings_.hosts; ++host) {
    const State state = view.hosts[static_cast<std::size_t>(host)];
    if (state != State::suspect && state != State::unknown) continue;
    const auto partner = std::find_if(good.begin(), good.end(), [&](int other) {
      return !contains(view.partners[static_cast<std::size_t>(host)], other);
    });
    if (partner == good.end()) continue;
    pairs.push_back({std::min(host, *partner), std::max(host, *partner)});
    good.erase(partner);
  }
  return pairs;
}

// The next round of the circle that has pairs which have not met, both at least `least`.
std::vector<std::vector<int>> Localiser::next_circle_round(const View& view, State least) {
  while (circle_ < circle_length(settings_.hosts)) {
    std::vector<std::vector<int>> round = circle_round(settings_.hosts, circle_++);
    std::erase_if(round, [&](const std::vector<int>& pair) {
      const auto is_out = [&](int host) {
        const State state = view.hosts[static_cast<std::size_t>(host)];
        return state == State::bad || (least == State::good && state != State::good);
      };
      return is_out(pair[0]) || is_out(pair[1]) ||
             contains(view.partners[static_cast<std::size_t>(pair[0])], pair[1]);
    });
    if (!round.empty()) return round;
  }
  return {};
}

std::vector<std::vector<int>> Localiser::next_round() {
  if (!alone_done_) {
    alone_done_ = true;
    std::vector<std::vector<int>> round;
    for (int host = 0; host < settings_.hosts; ++host) round.push_back({host});
    if (settings_.tests_alone && !round.empty()) return round;
  }
  const View view = look();
  const auto count = [&](State state) { return std::count(view.hosts.begin(), view.hosts.end(), state); };
  if (count(State::suspect) + count(State::unknown) > 0 && pair_rounds_ < settings_.most_pair_rounds) {
    ++pair_rounds_;
    if (auto round = pairs_with_good(view); !round.empty()) return round;
    if (auto round = next_circle_round(view, State::unknown); !round.empty()) return round;
  }
  const LocaliserFindings found = findings();
  const bool explained =
      !found.bad_hosts.empty() || !found.bad_links.empty() || !found.undecided_hosts.empty();
  const bool wants_links = settings_.all_pairs || (!explained && link_rounds_ < settings_.most_link_rounds);
  if (!wants_links) return {};
  std::vector<std::vector<int>> round = next_circle_round(view, State::good);
  if (!round.empty()) ++link_rounds_;
  return round;
}

LocaliserFindings Localiser::findings() const {
  LocaliserFindings found;
  const View view = look();
  int usable = 0;
  for (int host = 0; host < settings_.hosts; ++host) {
    const State state = view.hosts[static_cast<std::size_t>(host)];
    if (state == State::bad) found.bad_hosts.push_back(host);
    if (state == State::suspect) found.undecided_hosts.push_back(host);
    if (state != State::bad) ++usable;
  }
  found.pairs_possible = usable * (usable - 1) / 2;
  const double limit = slow_limit();
  std::vector<std::pair<int, int>> seen;
  for (const GroupResult& result : results_) {
    if (result.hosts.size() != 2) continue;
    const std::pair<int, int> link{result.hosts[0], result.hosts[1]};
    const State a = view.hosts[static_cast<std::size_t>(link.first)];
    const State b = view.hosts[static_cast<std::size_t>(link.second)];
    if (a != State::bad && b != State::bad && std::find(seen.begin(), seen.end(), link) == seen.end()) {
      seen.push_back(link);
      ++found.pairs_tested;
    }
    if (a == State::good && b == State::good && is_bad(result, limit)) found.bad_links.push_back(link);
  }
  return found;
}

}  // namespace smlaunch
