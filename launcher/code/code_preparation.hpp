// SPDX-License-Identifier: Apache-2.0
// The room launcher/code: preparing the user's code on a host, in a process of its own that can be ended at
// any moment with all that it started. It promises an answer: ready, or why not. It touches BASE/code
// by the room launcher/contract/code, S3, pip, and a child process with its signals.
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

  // Passes on its lines to stderr. The loop calls `ended` once, unless stop() comes before. Errors
  // (Fault::start): it cannot be started.
  Result<void> start(const CodeRequest& request, std::function<void(CodeEnd)> ended);

  // Ends it and its children: it has a few seconds to tidy up.
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

// Its result, or the signal that stopped it.
struct PreparedCode {
  CodeEnd end;
  int stopped_by_signal = 0;
};

// Starts the same and waits until it has ended, or until a stop signal came (an ignored signal stays ignored).
Result<PreparedCode> run_code_preparation(const CodeRequest& request);

}  // namespace smlaunch
