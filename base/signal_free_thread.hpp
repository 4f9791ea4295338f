// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <thread>
#include <utility>

namespace smlaunch {

// The calling thread takes no signal as long as this object lives.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// Starts a thread that takes no signal: the process's signals are for the thread that waits for them. Throws
// what std::thread throws.
template <class Work>
std::thread start_signal_free_thread(Work&& work) {
  const AllSignalsBlocked blocked;
  return std::thread(std::forward<Work>(work));
}

}  // namespace smlaunch
