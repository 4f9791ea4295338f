// SPDX-License-Identifier: Apache-2.0
// The multiplexing protocol of OpenSSH, version 4 (its PROTOCOL.mux): what a client says to the ssh that keeps a connection
// open, so that a command runs over it, and what it is told. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// A client's greeting, and its request: `command` without a terminal, X11 and keys. ssh passes on those of the variables
// ("NAME=VALUE") that its SendEnv names. Behind it, ssh awaits the descriptors of stdin, stdout and stderr. Nothing: it
// would be longer than ssh takes.
std::optional<std::string> render_mux_request(const std::string& command,
                                              const std::vector<std::string_view>& variables);

// Variables of SageMaker's and smlaunch's own come to the ranks by another way.
bool may_go_to_host(std::string_view variable);

// What the other end says to that.
class MuxSession {
 public:
  // In whatever pieces it comes. False: it is not what the protocol has there, problem() says why, and nothing more is to
  // come here.
  [[nodiscard]] bool take(std::string_view bytes);

  // Has the host taken the command? Then it must not be sent another way.
  [[nodiscard]] bool is_open() const { return stage_ >= Stage::open; }
  // The command's, as soon as it has ended. The other end may still write what it has printed, and then closes.
  [[nodiscard]] std::optional<std::uint32_t> exit_code() const { return exit_code_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  enum class Stage { greeting, asked, open, ended };
  class Fields;

  bool take_message(std::string_view message);
  bool take_greeting(std::uint32_t kind, Fields& fields);
  bool take_answer(std::uint32_t kind, Fields& fields);
  bool take_news(std::uint32_t kind, Fields& fields);
  bool fail(std::string problem);

  Stage stage_ = Stage::greeting;
  std::string rest_;  // of a message that is not complete
  std::uint32_t session_ = 0;
  std::optional<std::uint32_t> exit_code_;
  std::string problem_;
};

}  // namespace smlaunch
