// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/restart_on.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <string_view>

namespace smlaunch {

namespace {

constexpr const char* signal_word = "signal";
constexpr const char* none_word = "none";

// The switch of a class; null for a word that is none.
bool* find_switch(RestartOn& on, std::string_view word) {
  if (word == signal_word) return &on.signal;
  if (word == to_string(FailureClass::lost_host)) return &on.lost_host;
  if (word == to_string(FailureClass::smoke)) return &on.smoke;
  if (word == to_string(FailureClass::start)) return &on.start;
  if (word == to_string(FailureClass::hang)) return &on.hang;
  if (word == to_string(FailureClass::user_code)) return &on.user_code;
  return nullptr;
}

// Programs send themselves SIGABRT and faults; these come from somebody else. What the kernel ends for lack of memory
// will lack it again.
bool was_signaled_from_outside(const Outcome& outcome) {
  if (!outcome.first_failure || !outcome.first_failure->end) return false;
  const RankEnd& end = *outcome.first_failure->end;
  const auto* signaled = std::get_if<Signaled>(&end.status);
  if (signaled == nullptr || end.oom_kills + end.earlier_oom_kills > 0) return false;
  constexpr int from_outside[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU, SIGPWR};
  return std::find(std::begin(from_outside), std::end(from_outside), signaled->signal) !=
         std::end(from_outside);
}

}  // namespace

Result<RestartOn> parse_restart_on(const std::string& text, const std::string& where) {
  RestartOn on{.lost_host = false, .signal = false, .smoke = false, .start = false, .hang = false};
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    int code = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), code);
    const bool is_code = error == std::errc() && end == word.data() + word.size();
    if (bool* const wanted = find_switch(on, word))
      *wanted = true;
    else if (is_code && code >= 1 && code <= most_exit_code)
      on.exit_codes.insert(code);
    else if (word != none_word)
      return failure(
          Fault::usage, where,
          fmt::format("\"{}\" is no class of failures and no exit code from 1 to {}", word, most_exit_code),
          "classes are lost_host, signal, smoke, start, hang, user_code; none is no failure at all");
    if (comma == std::string_view::npos) return on;
    rest.remove_prefix(comma + 1);
  }
}

bool is_worth_another_try(const Outcome& outcome, const RestartOn& on) {
  switch (outcome.failure_class) {
    case FailureClass::lost_host: return on.lost_host;
    case FailureClass::hang: return on.hang;
    case FailureClass::start: return on.start;
    case FailureClass::smoke: return on.smoke;
    case FailureClass::user_code:
      return on.user_code || on.exit_codes.contains(outcome.exit_code) ||
             (on.signal && was_signaled_from_outside(outcome));
    case FailureClass::none:
    case FailureClass::not_ready:
    case FailureClass::configuration:
    case FailureClass::internal:
    case FailureClass::install_module:
    case FailureClass::install_requirements: return false;
  }
  return false;
}

}  // namespace smlaunch
