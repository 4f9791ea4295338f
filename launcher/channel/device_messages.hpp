// SPDX-License-Identifier: Apache-2.0
// What one agent of each host tells the leader of the host's devices.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/devices/device_watch.hpp"

namespace smlaunch {

// The times are of the agent's steady clock. Of more events than a message holds, the first ones are told.
std::string encode(const DeviceNews&);

// Nothing for text that is no such message, or holds none, or more, or longer texts than an agent sends.
std::optional<DeviceNews> decode_device_news(std::string_view text);

}  // namespace smlaunch
