// SPDX-License-Identifier: Apache-2.0
// The secret of one job, and the key that is made of it for the channel.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// 64 hexadecimal digits from the kernel's generator.
std::string make_token();

// 32 hexadecimal digits, used once.
std::string make_nonce();

// A nonce of this process: the same whenever it is asked.
const std::string& own_instance();

// A TLS pre-shared key.
struct ChannelKey {
  std::string identity;  // is sent in the clear, and tells nothing of the token
  std::string secret;    // 32 bytes
  bool operator==(const ChannelKey&) const = default;
};
ChannelKey make_channel_key(std::string_view token);

// Keys that are not known before somebody comes with them: the key that has this identity, or nothing.
using FindKey = std::function<std::optional<ChannelKey>(std::string_view identity)>;

}  // namespace smlaunch
