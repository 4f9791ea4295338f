// SPDX-License-Identifier: Apache-2.0
// Check programs, one for each rank, and the pipes to them: what agents and the leader do for them in a job.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "launcher/process/child_process.hpp"
#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

class CheckCrew {
 public:
  struct Member {
    Child child;
    std::string text;
    std::vector<CheckMessage> messages;
    bool is_open = true;

    // The last message of a kind; null: none came.
    template <class Message>
    const Message* last() const {
      for (auto each = messages.rbegin(); each != messages.rend(); ++each)
        if (const auto* found = std::get_if<Message>(&*each)) return found;
      return nullptr;
    }
    // What there was of one test, in order.
    [[nodiscard]] std::vector<SmokeStage> stages(int test) const {
      std::vector<SmokeStage> found;
      for (const CheckMessage& each : messages)
        if (const auto* stage = std::get_if<StageReached>(&each); stage != nullptr && stage->test == test)
          found.push_back(stage->stage);
      return found;
    }
  };

  CheckCrew(int ranks, const std::vector<std::string>& argv,
            const std::map<std::string, std::string>& variables,
            const std::function<void(CheckSettings&)>& change = {}) {
    ::signal(SIGPIPE, SIG_IGN);
    for (int rank = 0; rank < ranks; ++rank) {
      ChildRequest request;
      request.argv = argv;
      request.environment = own_environment();
      for (const auto& [name, value] : variables) request.environment[name] = value;
      request.environment["RANK"] = std::to_string(rank);
      request.death_signal = SIGKILL;
      request.has_input = true;
      auto child = spawn_child(request);
      if (!child) throw std::runtime_error(child.error().text);
      members.push_back(Member{std::move(*child), {}, {}, true});
      CheckSettings settings;
      settings.rank = rank;
      settings.local_rank = rank;
      settings.device = rank;
      settings.host = "here";
      settings.bytes = 1L << 16;
      if (change) change(settings);
      send(rank, settings);
    }
  }

  ~CheckCrew() {
    for (Member& each : members) {
      kill(-each.child.pid, SIGKILL);
      waitpid(each.child.pid, nullptr, 0);
    }
  }
  CheckCrew(const CheckCrew&) = delete;
  CheckCrew& operator=(const CheckCrew&) = delete;

  void send(int rank, const CheckCommand& command) {
    const std::string line = encode(command) + "\n";
    (void)!write(members[static_cast<std::size_t>(rank)].child.stdin_pipe.get(), line.data(), line.size());
  }

  void send_all(const CheckCommand& command) {
    for (std::size_t rank = 0; rank < members.size(); ++rank) send(static_cast<int>(rank), command);
  }

  // Takes what they say, and passes unique ids on, until `done` or all have ended. False: it never came.
  bool wait(const std::function<bool()>& done) {
    const auto bound = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      if (std::chrono::steady_clock::now() > bound) return false;
      std::vector<pollfd> pipes;
      for (Member& each : members)
        pipes.push_back({each.is_open ? each.child.stdout_pipe.get() : -1, POLLIN, 0});
      poll(pipes.data(), pipes.size(), 1000);
      bool any_open = false;
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (pipes[i].revents != 0) take(members[i]);
        any_open = any_open || members[i].is_open;
      }
      if (!any_open) return done();
    }
    return true;
  }

  // A test among `ranks`, until each of them but `silent` has a result, or says that it could not go on.
  bool run_test(const RunTest& order, const IdSet& silent = {}) {
    for (const int rank : order.ranks) send(rank, order);
    return wait([&] {
      for (const int rank : order.ranks) {
        if (std::find(silent.begin(), silent.end(), rank) != silent.end()) continue;
        const Member& member = members[static_cast<std::size_t>(rank)];
        const auto* result = member.last<TestResult>();
        const auto* failed = member.last<CheckFailed>();
        if ((result == nullptr || result->test != order.test) &&
            (failed == nullptr || (failed->test != order.test && failed->test != 0)) && member.is_open)
          return false;
      }
      return true;
    });
  }

  // How the program ended.
  int exit_code(int rank) {
    Member& member = members[static_cast<std::size_t>(rank)];
    wait([&] { return !member.is_open; });
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(member.child.pid), &info, WEXITED | WNOWAIT);
    return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
  }

  std::vector<Member> members;

 private:
  void take(Member& member) {
    char bytes[4096];
    const ssize_t got = read(member.child.stdout_pipe.get(), bytes, sizeof bytes);
    if (got <= 0) {
      member.is_open = false;
      return;
    }
    member.text.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end = member.text.find('\n'); end != std::string::npos; end = member.text.find('\n')) {
      auto message = parse_check_message(member.text.substr(0, end));
      member.text.erase(0, end + 1);
      if (!message) {
        ADD_FAILURE() << message.error().problems.front().what;
        continue;
      }
      if (const auto* id = std::get_if<UniqueId>(&*message))
        for (std::size_t rank = 0; rank < members.size(); ++rank)
          if (&members[rank] != &member) send(static_cast<int>(rank), TakeId{id->test, id->id});
      member.messages.push_back(std::move(*message));
    }
  }
};

}  // namespace smlaunch
