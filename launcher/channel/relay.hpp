// SPDX-License-Identifier: Apache-2.0
// What the relay of a host does with the frames of its neighbours and with the leader's: pure. A neighbour's frames are
// wrapped as they are, and what they may be is the leader's to judge. What the relay needs to know itself is who speaks,
// which the first frame of each neighbour says, and whether the leader has let him in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/channel/frame.hpp"

namespace smlaunch {

class Relay {
 public:
  using Neighbour = int;  // a connection, by a number of its owner's, which is used once

  // To be done in this order. All bytes are whole frames.
  struct Work {
    std::string to_leader;
    bool is_urgent = false;  // it waits for nothing else to go with it: clocks are compared by it
    std::vector<std::pair<Neighbour, std::string>> to_neighbours;
    std::vector<Neighbour> to_close;
  };

  explicit Relay(int own_rank) : own_rank_(own_rank) {}

  // What neighbours have said before waits no longer.
  Work leader_came();
  // Every neighbour is to find its own way.
  Work leader_went();
  // A neighbour has said this.
  Work heard(Neighbour neighbour, const Frame& frame, std::uint64_t now_ns);
  // A neighbour's connection is gone.
  Work gone(Neighbour neighbour);
  // The leader has said this, to us or to neighbours.
  Work told(const Frame& frame, std::uint64_t now_ns);
  // Of a leader that says nothing: since when its host's kernel has said nothing either; nothing: it is not known.
  [[nodiscard]] Work leader_is_quiet(std::optional<std::uint64_t> since_ns) const;
  // We do not read what they say: nobody is silent before they are heard again.
  void hold_back(std::uint64_t now_ns);

 private:
  struct Known {
    int rank = 0;
    std::string hello;  // waits for the leader; empty: it has been sent
    std::uint64_t heard_ns = 0;
    bool is_welcome = false;
    bool has_answered = false;  // a ping
  };

  Work greeted(Neighbour neighbour, const Frame& frame, std::uint64_t now_ns);
  [[nodiscard]] std::string tell_quiet(std::uint64_t now_ns);
  // The end of the list: there is none.
  std::map<Neighbour, Known>::iterator find(int rank);

  int own_rank_;
  bool has_leader_ = false;
  std::uint64_t pinged_ns_ = 0;  // when the leader has asked us last
  std::map<Neighbour, Known> neighbours_;
  std::map<int, Neighbour> by_rank_;
};

}  // namespace smlaunch
