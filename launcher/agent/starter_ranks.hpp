// SPDX-License-Identifier: Apache-2.0
// The ranks that torchrun starts: each of them first runs `smlaunch rank --of-starter -- PROGRAM`, which binds itself,
// takes pipes of our agent's as its stdout and stderr, says its pid in a third pipe, waits until the agent watches this
// pid, and becomes the program. So every line has its rank, every rank's end is known, however soon it comes, and no
// process of ours stands between torchrun and its ranks.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/agent/rank_streams.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

// A rank's environment says this, for each local rank: the agent's descriptors, and where the rank may run.
struct StarterSeat {
  int out = -1;
  int err = -1;
  int watched = -1;  // readable as soon as the agent watches it
  std::string cpus;  // "0-3"; empty: not bound
  std::string numa;
  bool operator==(const StarterSeat&) const = default;
};
struct StarterSeats {
  int agent = 0;       // the process that holds the descriptors
  int first_rank = 0;  // of the host
  int word = -1;       // the agent's descriptor for what ranks say of themselves
  std::vector<StarterSeat> seats;
  bool operator==(const StarterSeats&) const = default;
};
std::string encode(const StarterSeats& seats);
// Nothing: it is no such text.
std::optional<StarterSeats> decode_seats(std::string_view text);

// Whether torchrun, in this environment, starts a group of ranks again after a failure.
bool starts_ranks_again(const std::map<std::string, std::string>& environment);

// What a rank says when it begins: a line.
struct StarterWord {
  int rank = 0;
  int pid = 0;
  bool operator==(const StarterWord&) const = default;
};
std::string encode(const StarterWord& word);
std::optional<StarterWord> decode_word(std::string_view line);

// The agent's side: the pipes of all its ranks, and their ends.
class StarterRanks {
 public:
  struct Callbacks {
    std::function<void(int rank, bool is_stderr, const std::string& lines)> lines;
    std::function<bool()> has_room;
    std::function<void()> drained;  // once, after starter_ended()
    std::function<void(const StarterRankNews&)> told;
  };
  StarterRanks(boost::asio::io_context& loop, Callbacks callbacks);

  // Makes the pipes of the ranks from `seats.first_rank` on, and puts them into `seats`. False: the kernel has no more;
  // then the ranks' lines come through their starter.
  bool open(StarterSeats& seats);
  void resume();
  // The starter's word about one of its ranks: it counts if nobody has seen that rank's end.
  void starter_said(const TorchrunWord& word);
  void starter_ended();

 private:
  struct OfRank {
    explicit OfRank(boost::asio::io_context& loop, RankStreams::Callbacks callbacks)
        : streams(loop, std::move(callbacks)) {}
    RankStreams streams;
    UniqueFd out;  // the ends that the rank opens
    UniqueFd err;
    UniqueFd watched;
    UniqueFd tell_watched;  // our end of this pipe
  };
  using Descriptor = boost::asio::posix::stream_descriptor;
  struct Running {
    StarterWord who;
    Descriptor pidfd;
  };

  void read_words();
  void begun(const StarterWord& word);
  void let_go(int rank);
  void tell_ended();
  void tell_end(const StarterWord& who, const std::optional<ExitStatus>& status);

  boost::asio::io_context& loop_;
  Callbacks callbacks_;
  int first_rank_ = 0;
  std::list<OfRank> ranks_;
  std::size_t drained_ = 0;
  Descriptor words_;
  UniqueFd word_;  // the end that ranks open
  LineSplitter word_splitter_;
  std::array<char, 512> word_bytes_{};
  std::list<Running> running_;           // one of each rank at most
  std::vector<StarterRankNews> unseen_;  // ranks that have ended, nobody knows how; one of each rank at most
};

}  // namespace smlaunch
