// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_of_starter.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/own_words.hpp"
#include "launcher/agent/starter_ranks.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/exec_failure.hpp"
#include "topology/bind.hpp"

namespace smlaunch {

namespace {

// A shell has the same codes for a program that is not there, or cannot be executed.
constexpr int not_found_code = 127;
constexpr int not_executed_code = 126;
// How long a rank waits for an agent that is busy. After that, its end may be missed.
constexpr int watched_bound_ms = 2000;

std::optional<int> number_of_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return {};
  const char* end = value + std::strlen(value);
  int number = 0;
  const auto [stop, error] = std::from_chars(value, end, number);
  if (error != std::errc() || stop != end || number < 0) return {};
  return number;
}

UniqueFd open_of_agent(int agent, int theirs, int how = O_WRONLY) {
  const std::string path = fmt::format("/proc/{}/fd/{}", agent, theirs);
  return UniqueFd(open(path.c_str(), how | O_CLOEXEC));
}

// If the stream cannot be opened, the rank keeps the stream that its starter has given it.
void take_stream(int agent, int theirs, int ours) {
  const UniqueFd stream = open_of_agent(agent, theirs);
  if (stream.valid()) dup2(stream.get(), ours);
}

// The pid stays ours when we become the program. A line of this length arrives whole.
bool say_word(const StarterSeats& all, int rank) {
  const UniqueFd to = open_of_agent(all.agent, all.word);
  const std::string line = encode(StarterWord{.rank = rank, .pid = getpid()}) + "\n";
  return to.valid() && write(to.get(), line.data(), line.size()) > 0;
}

// A program that ends at once may be taken out of the process table before our agent has looked for it.
void wait_until_watched(const StarterSeats& all, const StarterSeat& seat) {
  const UniqueFd watched = open_of_agent(all.agent, seat.watched, O_RDONLY);
  if (!watched.valid()) return;
  pollfd look{.fd = watched.get(), .events = POLLIN, .revents = 0};
  if (poll(&look, 1, watched_bound_ms) != 1) return;
  char byte = 0;  // the next process of this rank waits for a word of its own
  static_cast<void>(read(watched.get(), &byte, 1) < 0);
}

// A starter that numbers its ranks in another way than the plan keeps their lines.
void take_seat(const StarterSeats& all) {
  const auto local_rank = number_of_variable("LOCAL_RANK");
  const auto rank = number_of_variable("RANK");
  if (!local_rank || static_cast<std::size_t>(*local_rank) >= all.seats.size()) return;
  const StarterSeat& seat = all.seats[static_cast<std::size_t>(*local_rank)];
  const IdSet cpus = parse_id_set(seat.cpus).value_or(IdSet{});
  if (!cpus.empty()) static_cast<void>(bind_current_process(cpus, parse_id_set(seat.numa).value_or(IdSet{})));
  if (rank != all.first_rank + *local_rank) return;
  const bool is_heard = say_word(all, *rank);
  take_stream(all.agent, seat.out, STDOUT_FILENO);
  take_stream(all.agent, seat.err, STDERR_FILENO);
  if (is_heard) wait_until_watched(all, seat);
}

}  // namespace

int run_rank_of_starter(const std::vector<std::string>& words) {
  const char* told = std::getenv(agent_ranks_variable);
  const auto seats = told == nullptr ? std::nullopt : decode_seats(told);
  unsetenv(agent_ranks_variable);
  if (seats) take_seat(*seats);
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  std::vector<std::string> argv = words;
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  if (!argv.empty()) execvp(pointers.front(), pointers.data());
  const int error = argv.empty() ? ENOENT : errno;
  const std::string program = argv.empty() ? "" : argv.front();
  const std::string why = explain_exec_failure(program, std::filesystem::current_path(), error);
  say("{}: {}", program, why.empty() ? std::strerror(error) : why.c_str());
  return error == ENOENT ? not_found_code : not_executed_code;
}

}  // namespace smlaunch
