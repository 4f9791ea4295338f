// SPDX-License-Identifier: Apache-2.0
// The board's questions on the loop of a run.
#pragma once

#include <memory>
#include <utility>

#include "launcher/process/event_loop.hpp"
#include "launcher/status/status_board.hpp"

namespace smlaunch {

// As long as it lives, the board's questions go to `run.tell_status()` on the loop. One that the loop takes up later is
// answered by nobody.
template <class Run>
class AskedLoop {
 public:
  // `board` null: nobody asks.
  AskedLoop(StatusBoard* board, EventLoop& loop, Run& run)
      : board_(board), run_(std::make_shared<Run*>(&run)) {
    if (board_ == nullptr) return;
    board_->set_source(
        [&loop, run = std::weak_ptr(run_)](const StatusWish& wish, StatusBoard::Answer answer) {
          loop.post([run, wish, answer = std::move(answer)] {
            if (const auto here = run.lock()) (*here)->tell_status(wish, answer);
          });
        });
  }
  ~AskedLoop() {
    if (board_ != nullptr) board_->set_source({});
  }
  AskedLoop(const AskedLoop&) = delete;
  AskedLoop& operator=(const AskedLoop&) = delete;

 private:
  StatusBoard* board_;
  std::shared_ptr<Run*> run_;
};

}  // namespace smlaunch
