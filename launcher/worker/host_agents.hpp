// SPDX-License-Identifier: Apache-2.0
// The agents of a host whose smlaunch starts them itself, as its leader tells it to: sets of them, one after the
// other.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "launcher/channel/host_messages.hpp"
#include "launcher/process/watched_processes.hpp"

namespace smlaunch {

class HostAgents {
 public:
  struct Settings {
    std::string channel;   // "host:port", where they find the leader
    std::string smlaunch;  // this program
    std::function<std::string()> find_interface = {};
  };
  // `ended`: of a set none runs any more.
  HostAgents(boost::asio::io_context& loop, Settings settings, std::function<void(const AgentsEnded&)> ended);
  ~HostAgents();

  void start(const StartAgents& wanted);
  void signal(const SignalAgents& signal);
  // Nobody asks any more how those that were started so far have ended.
  void forget();

 private:
  struct Set;
  [[nodiscard]] std::map<std::string, std::string> make_environment(const StartAgents& wanted) const;
  void heard_end(Set& set, int id, const Result<ExitStatus>& end, bool all);

  boost::asio::io_context& loop_;
  Settings settings_;
  std::function<void(const AgentsEnded&)> ended_;
  std::list<Set> sets_;
};

// What an agent is told of itself, beside its host's environment: pure.
std::map<std::string, std::string> agent_variables(const StartAgents& wanted, const std::string& channel,
                                                   std::size_t local_rank);

}  // namespace smlaunch
