// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_private_files.hpp"

#include <utility>

#include "base/own_words.hpp"
#include "launcher/channel/private_folders.hpp"

namespace smlaunch {

namespace {

std::string in_words(const Problem& problem) { return problem.where + ": " + problem.what; }

}  // namespace

void RankPrivateFiles::make(int rank, bool with_threads) {
  // Another agent of this host may end now, and take the empty folder away.
  std::string why;
  for (int tries = 0; tries < 3 && !(heartbeats_ && (threads_ || !with_threads)); ++tries) {
    const auto folders = make_private_folders(own_private_places());
    if (!folders) {
      why = in_words(folders.error().problems.front());
      break;
    }
    for (const std::string& folder : *folders) {
      if (heartbeats_) break;
      if (auto made = HeartbeatFile::make(folder, rank))
        heartbeats_.emplace(std::move(*made));
      else
        why = in_words(made.error().problems.front());
    }
    if (!threads_ && with_threads)
      if (auto made = RankThreadFolder::make(*folders, rank)) threads_.emplace(std::move(*made));
  }
  if (!heartbeats_) say("warning: no heartbeats of rank {} are heard: {}", rank, why);
}

void RankPrivateFiles::add_variables(std::map<std::string, std::string>& environment) {
  if (heartbeats_)
    environment[heartbeat_variable] = heartbeats_->path();
  else
    environment.erase(heartbeat_variable);
  if (threads_) threads_->add_variables(environment);
}

std::optional<std::string> RankPrivateFiles::threads() const {
  return threads_ ? std::optional(threads_->path()) : std::nullopt;
}

Progress RankPrivateFiles::read_heartbeats(bool is_last) {
  return heartbeats_ ? heartbeats_->read(is_last) : Progress();
}

void RankPrivateFiles::remove() {
  if (!heartbeats_ && !threads_) return;
  heartbeats_.reset();
  threads_.reset();
  leave_private_folders(own_private_places());
}

}  // namespace smlaunch
