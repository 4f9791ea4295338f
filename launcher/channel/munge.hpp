// SPDX-License-Identifier: Apache-2.0
// Munge, by which the processes of one user on the hosts of a cluster know each other: its daemon vouches for who has
// made a credential, and opens it only for whom it is meant. So a key of the channel needs no secret that somebody has
// set: who connects makes one up, and names it by a credential that holds it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/channel/token.hpp"

namespace smlaunch {

class Munge {
 public:
  // Null: the library, or its daemon, is not there.
  static std::shared_ptr<const Munge> open();
  ~Munge();
  Munge(const Munge&) = delete;
  Munge& operator=(const Munge&) = delete;

  // A key for one connection of this job; its identity is good for some minutes, once. Nothing: the daemon does not
  // answer.
  [[nodiscard]] std::optional<ChannelKey> make_key(const std::string& job) const;
  // The key that has this identity. Nothing: it is no credential, or not of this user for this user, or of another job of
  // his, or too old, or it has been here before.
  [[nodiscard]] std::optional<ChannelKey> find_key(std::string_view identity, const std::string& job) const;
  // May that be the identity of such a key? Pure: the daemon is asked of no other.
  static bool is_identity(std::string_view identity);

  // What a credential holds, and the token in it; nothing: it is of another job. Pure.
  static std::string make_payload(const std::string& job, const std::string& token);
  static std::optional<std::string> find_token(std::string_view payload, const std::string& job);

 private:
  struct Library;
  explicit Munge(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace smlaunch
