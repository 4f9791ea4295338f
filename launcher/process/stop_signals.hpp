// SPDX-License-Identifier: Apache-2.0
// The signals that ask for a stop, on an Asio loop.
#pragma once

#include <csignal>

#include <boost/asio/signal_set.hpp>

namespace smlaunch {

inline constexpr int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

// nohup, and a shell's background job, ask for a signal to be ignored: it is.
inline void add_stop_signals(boost::asio::signal_set& set) {
  for (const int signal : stop_signals) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) set.add(signal);
  }
}

}  // namespace smlaunch
