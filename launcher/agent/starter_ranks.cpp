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
#include <iterator>

#include "base/steady_time.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {

namespace {

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

bool is_over(int pidfd) {
  pollfd look{.fd = pidfd, .events = POLLIN, .revents = 0};
  return poll(&look, 1, 0) == 1;
}

}  // namespace

std::string encode(const StarterSeats& seats) {
  std::string text = fmt::format("{} {} {}", seats.agent, seats.first_rank, seats.word);
  for (const StarterSeat& each : seats.seats)
    text += fmt::format(";{} {} {} {} {}", each.out, each.err, each.watched, each.cpus, each.numa);
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
    if (words.size() != 5) return {};
    const auto out = parse_number(words[0]);
    const auto err = parse_number(words[1]);
    const auto watched = parse_number(words[2]);
    if (!out || !err || !watched) return {};
    seats.seats.push_back({.out = *out,
                           .err = *err,
                           .watched = *watched,
                           .cpus = std::string(words[3]),
                           .numa = std::string(words[4])});
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
    int watched[2];
    if (pipe2(out, O_CLOEXEC) != 0) return false;
    UniqueFd out_end(out[0]);
    UniqueFd out_begin(out[1]);
    if (pipe2(watched, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    UniqueFd watched_end(watched[0]);
    UniqueFd watched_begin(watched[1]);
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
    made.watched = std::move(watched_end);
    made.tell_watched = std::move(watched_begin);
    seat.watched = made.watched.get();
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
  // A rank has one process: the process that an earlier word named is gone.
  running_.remove_if([&](const Running& each) { return each.who.rank == word.rank; });
  std::erase_if(unseen_, [&](const StarterRankNews& each) { return each.rank == word.rank; });
  UniqueFd pidfd = open_pidfd(word.pid);
  const bool has_ended = !pidfd.valid() && errno == ESRCH;
  callbacks_.told({.rank = word.rank, .pid = word.pid, .time_ns = steady_now_ns()});
  if (has_ended) return tell_end(word, {});
  let_go(word.rank);
  if (!pidfd.valid()) return;
  Running& rank = running_.emplace_back(Running{.who = word, .pidfd = Descriptor(loop_, pidfd.release())});
  rank.pidfd.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) tell_ended();
  });
}

// An earlier process of this rank may not have waited for its word.
void StarterRanks::let_go(int rank) {
  const OfRank& of = *std::next(ranks_.begin(), rank - first_rank_);
  char bytes[16];
  while (read(of.watched.get(), bytes, sizeof bytes) > 0) continue;
  static_cast<void>(write(of.tell_watched.get(), "\n", 1) < 0);
}

// The starter takes the rank out of the process table when it looks next. Until then any kernel tells us how it ended.
void StarterRanks::tell_ended() {
  for (auto each = running_.begin(); each != running_.end();) {
    const int pidfd = each->pidfd.native_handle();
    if (!is_over(pidfd)) {
      ++each;
      continue;
    }
    auto status = read_end_status(each->who.pid);
    if (!status) status = read_end_status_kept(pidfd);
    tell_end(each->who, status);
    each = running_.erase(each);
  }
}

void StarterRanks::tell_end(const StarterWord& who, const std::optional<ExitStatus>& status) {
  const StarterRankNews news{
      .rank = who.rank, .pid = who.pid, .time_ns = steady_now_ns(), .has_ended = true, .status = status};
  if (!status) unseen_.push_back(news);
  callbacks_.told(news);
}

void StarterRanks::starter_said(const TorchrunWord& word) {
  tell_ended();
  const auto found = std::find_if(unseen_.begin(), unseen_.end(),
                                  [&](const StarterRankNews& each) { return each.pid == word.pid; });
  if (found == unseen_.end()) return;
  StarterRankNews news = *found;
  unseen_.erase(found);
  news.status = word.status;
  callbacks_.told(news);
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

}  // namespace smlaunch
