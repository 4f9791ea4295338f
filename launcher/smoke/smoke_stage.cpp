// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/smoke_stage.hpp"

namespace smlaunch {

std::string to_string(SmokeStage stage) {
  switch (stage) {
    case SmokeStage::spawned: return "spawned";
    case SmokeStage::library_loaded: return "library loaded";
    case SmokeStage::device_ready: return "device ready";
    case SmokeStage::id_received: return "id received";
    case SmokeStage::communicator_called: return "communicator called";
    case SmokeStage::communicator_ready: return "communicator ready";
    case SmokeStage::warm_up: return "warm-up";
    case SmokeStage::timed: return "timed";
    case SmokeStage::verified: return "verified";
  }
  return "spawned";
}

std::optional<SmokeStage> parse_smoke_stage(std::string_view text) {
  for (const SmokeStage stage : all_smoke_stages)
    if (to_string(stage) == text) return stage;
  return {};
}

}  // namespace smlaunch
