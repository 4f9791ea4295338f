// SPDX-License-Identifier: Apache-2.0
// The private Unix socket of a run, and the question that `smlaunch status` asks there.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/private_folders.hpp"
#include "launcher/channel/status_messages.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// What is asked: which form the answer is to have, and of which job.
struct StatusQuestion {
  StatusForm form = StatusForm::row;
  bool stacks = false;
  std::string job = {};  // is_named()'s word; empty: whichever job this is
  bool operator==(const StatusQuestion&) const = default;
};
std::string encode(const StatusQuestion& question);
// Nothing for text that is no such question.
std::optional<StatusQuestion> decode_status_question(std::string_view text);

struct StatusListener {
  UniqueFd socket;
  std::string path;
};
// Listens in a folder that only this user can enter and every login of this user finds, and removes sockets of runs
// that were killed. Errors (Fault::start): there is no such folder, and none can be made.
Result<StatusListener> listen_for_status(const std::string& id, const PrivatePlaces& places);

// Takes one connection of `listener` and answers its question by `answer`. There is no answer for other users, for a
// question that we do not know, and for a peer that neither speaks nor listens for `patience`.
void serve_status(int listener, const std::function<std::string(const StatusQuestion&)>& answer,
                  std::chrono::milliseconds patience = std::chrono::milliseconds(2000));

// Asks every run of this user on this host; the answers, without the empty ones. Sockets of runs that were killed are
// taken away.
std::vector<std::string> ask_for_status(const StatusQuestion& question, const PrivatePlaces& places);

}  // namespace smlaunch
