// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/starter_ranks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/own_words.hpp"
#include "base/steady_time.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/exec_failure.hpp"
#include "launcher/process/proc_stat.hpp"
#include "topology/bind.hpp"

namespace smlaunch {

namespace {

// As a shell's for a program that is not there, or cannot be executed.
constexpr int not_found_code = 127;
constexpr int not_executed_code = 126;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0) return {};
  return number;
}

std::optional<int> number_of_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : parse_number(value);
}

UniqueFd open_of_agent(int agent, int theirs) {
  const std::string path = fmt::format("/proc/{}/fd/{}", agent, theirs);
  return UniqueFd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
}

// Where it cannot be had, the rank keeps what its starter has given it.
void take_stream(int agent, int theirs, int ours) {
  const UniqueFd stream = open_of_agent(agent, theirs);
  if (stream.valid()) dup2(stream.get(), ours);
}

// The pid stays ours when we become the program. A line of this length arrives whole.
void say_word(const StarterSeats& all, int rank) {
  const UniqueFd to = open_of_agent(all.agent, all.word);
  const std::string line = encode(StarterWord{.rank = rank, .pid = getpid()}) + "\n";
  if (to.valid()) static_cast<void>(write(to.get(), line.data(), line.size()) < 0);
}

bool is_over(int pidfd) {
  pollfd look{.fd = pidfd, .events = POLLIN, .revents = 0};
  return poll(&look, 1, 0) == 1;
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
  say_word(all, *rank);
  take_stream(all.agent, seat.out, STDOUT_FILENO);
  take_stream(all.agent, seat.err, STDERR_FILENO);
}

}  // namespace

std::string encode(const StarterSeats& seats) {
  std::string text = fmt::format("{} {} {}", seats.agent, seats.first_rank, seats.word);
  for (const StarterSeat& each : seats.seats)
    text += fmt::format(";{} {} {} {}", each.out, each.err, each.cpus, each.numa);
  return text;
}

std::optional<StarterSeats> decode_seats(std::string_view text) {
  StarterSeats seats;
  const auto parts = split(text, ';');
  const auto head = split(parts.front(), ' ');
  if (head.size() != 3) return {};
  const auto agent = parse_number(head[0]);
  const auto first = parse_number(head[1]);
  const auto word = parse_number(head[2]);
  if (!agent || !first || !word) return {};
  seats.agent = *agent;
  seats.first_rank = *first;
  seats.word = *word;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto words = split(parts[i], ' ');
    if (words.size() != 4) return {};
    const auto out = parse_number(words[0]);
    const auto err = parse_number(words[1]);
    if (!out || !err) return {};
    seats.seats.push_back(
        {.out = *out, .err = *err, .cpus = std::string(words[2]), .numa = std::string(words[3])});
  }
  return seats;
}

// torchrun takes from PET_* what its command line does not say, and ours says nothing of restarts. Its default is 0.
bool starts_ranks_again(const std::map<std::string, std::string>& environment) {
  const auto told = environment.find("PET_MAX_RESTARTS");
  return told != environment.end() && parse_number(told->second) != 0;
}

std::string encode(const StarterWord& word) { return fmt::format("{} {}", word.rank, word.pid); }

std::optional<StarterWord> decode_word(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() != 2) return {};
  const auto rank = parse_number(words[0]);
  const auto pid = parse_number(words[1]);
  if (!rank || !pid || *pid == 0) return {};
  return StarterWord{.rank = *rank, .pid = *pid};
}

StarterRanks::StarterRanks(boost::asio::io_context& loop, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)), words_(loop) {}

bool StarterRanks::open(StarterSeats& seats) {
  seats.agent = getpid();
  int words[2];
  if (pipe2(words, O_CLOEXEC) != 0) return false;
  words_.assign(words[0]);
  word_ = UniqueFd(words[1]);
  seats.word = word_.get();
  first_rank_ = seats.first_rank;
  read_words();
  int rank = seats.first_rank;
  for (StarterSeat& seat : seats.seats) {
    int out[2];
    int err[2];
    if (pipe2(out, O_CLOEXEC) != 0) return false;
    UniqueFd out_end(out[0]);
    UniqueFd out_begin(out[1]);
    if (pipe2(err, O_CLOEXEC) != 0) return false;
    OfRank& made = ranks_.emplace_back(
        loop_, RankStreams::Callbacks{.lines =
                                          [this, rank](bool is_stderr, const std::string& lines) {
                                            callbacks_.lines(rank, is_stderr, lines);
                                          },
                                      .has_room = [this] { return callbacks_.has_room(); },
                                      .drained =
                                          [this] {
                                            if (++drained_ == ranks_.size()) callbacks_.drained();
                                          }});
    made.out = std::move(out_begin);
    made.err = UniqueFd(err[1]);
    seat.out = made.out.get();
    seat.err = made.err.get();
    made.streams.open(std::move(out_end), UniqueFd(err[0]));
    ++rank;
  }
  return true;
}

void StarterRanks::resume() {
  for (OfRank& each : ranks_) each.streams.resume();
}

void StarterRanks::read_words() {
  words_.async_read_some(boost::asio::buffer(word_bytes_),
                         [this](const boost::system::error_code& error, std::size_t got) {
                           if (error) return;
                           std::string lines;
                           word_splitter_.feed(std::string_view(word_bytes_.data(), got), lines);
                           for (const std::string_view line : split(lines, '\n'))
                             if (const auto word = decode_word(line)) begun(*word);
                           read_words();
                         });
}

// Any process of this user may write into the pipe.
void StarterRanks::begun(const StarterWord& word) {
  if (word.rank < first_rank_ || word.rank >= first_rank_ + static_cast<int>(ranks_.size())) return;
  tell_ended();
  // A rank has one process: what an earlier word named is no longer it.
  running_.remove_if([&](const Running& each) { return each.who.rank == word.rank; });
  UniqueFd pidfd = open_pidfd(word.pid);
  const bool has_ended = !pidfd.valid() && errno == ESRCH;
  tell(word, false);
  if (has_ended) return tell(word, true);
  if (!pidfd.valid()) return;
  Running& rank = running_.emplace_back(Running{.who = word, .pidfd = Descriptor(loop_, pidfd.release())});
  rank.pidfd.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) tell_ended();
  });
}

// Its starter takes it out of the process table when it looks next; until then the kernel tells us how it has ended.
void StarterRanks::tell_ended() {
  for (auto each = running_.begin(); each != running_.end();) {
    if (!is_over(each->pidfd.native_handle())) {
      ++each;
      continue;
    }
    tell(each->who, true);
    each = running_.erase(each);
  }
}

void StarterRanks::tell(const StarterWord& who, bool has_ended) {
  callbacks_.told({.rank = who.rank,
                   .pid = who.pid,
                   .time_ns = steady_now_ns(),
                   .has_ended = has_ended,
                   .status = has_ended ? read_end_status(who.pid) : std::nullopt});
}

void StarterRanks::starter_ended() {
  tell_ended();
  word_.reset();
  if (ranks_.empty()) return boost::asio::post(loop_, [this] { callbacks_.drained(); });
  for (OfRank& each : ranks_) {
    each.out = UniqueFd();
    each.err = UniqueFd();
  }
  for (OfRank& each : ranks_) each.streams.rank_ended();
}

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
