// SPDX-License-Identifier: Apache-2.0
// The room launcher/code: the user's code made ready on a host by a process of its own, which can be ended at
// any moment with all that it started. It promises an answer in words: ready, or why not. It touches the room
// launcher/contract/code, pip, and a child process.
//
// `smlaunch worker --prepare-code` as a child, watched from an event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "launcher/code/code_messages.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

class CodePreparation {
 public:
  explicit CodePreparation(boost::asio::io_context& loop);
  ~CodePreparation();  // stop()
  CodePreparation(const CodePreparation&) = delete;
  CodePreparation& operator=(const CodePreparation&) = delete;

  // Passes on what it prints, on stderr. `ended` is called from the loop, once, unless stop() comes before.
  // Errors (Fault::start): it cannot be started.
  Result<void> start(const CodeRequest& request, std::function<void(CodeEnd)> ended);

  // Ends it and what it runs: it gets a few seconds to leave nothing behind.
  void stop();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  void pass_on(Descriptor& from, bool is_answer);
  void wait_for_end();
  void finish();

  Descriptor answer_pipe_;
  Descriptor words_pipe_;
  Descriptor end_;  // a pidfd
  int pid_ = 0;     // 0: it does not run
  std::string host_;
  std::string answer_;
  std::function<void(CodeEnd)> ended_;
};

// What it came to, or the signal that stopped it.
struct PreparedCode {
  CodeEnd end;
  int stopped_by_signal = 0;
};

// The same, waited for: until it has ended, or SIGINT, SIGTERM or SIGHUP came (one that is ignored stays so).
Result<PreparedCode> run_code_preparation(const CodeRequest& request);

}  // namespace smlaunch
