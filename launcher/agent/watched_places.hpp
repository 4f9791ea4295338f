// SPDX-License-Identifier: Apache-2.0
// Which interfaces and folders of its host concern a job, as its ranks' variables say. Pure.
#pragma once

#include "launcher/channel/messages.hpp"
#include "launcher/devices/read_host.hpp"

namespace smlaunch {

WatchedPlaces watched_places(const Start& start);

}  // namespace smlaunch
