// SPDX-License-Identifier: Apache-2.0
// With whom a process of this machine talks.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// The addresses to which TCP connections of `pid` lead now ("198.18.0.2", "2001:db8::1"); an IPv4 address that is
// written as IPv6 is told as IPv4. Empty: it has none, or we may not see them.
std::set<std::string> probe_tcp_peers(int pid);
// The same out of the tables of all connections, where its sockets cannot be asked.
std::set<std::string> look_up_tcp_peers(int pid);

// One connection of a process: the addresses of its two ends.
struct TcpConnection {
  std::string own = {};
  std::string peer = {};
  // For at least so long bytes have been sent again and again, and nothing of them was acknowledged. 0: all is well.
  std::chrono::milliseconds unanswered{0};
};

// Empty: it has none, or the kernel does not let us ask its sockets, as it does for our children.
std::vector<TcpConnection> probe_tcp_connections(int pid);

// What the kernel tells of what a connection has sent.
struct TcpSending {
  unsigned unacknowledged = 0;  // packets
  unsigned repeats = 0;         // of the first of them in a row, each after twice the time of the one before
  std::chrono::milliseconds next_repeat{0};
  std::chrono::milliseconds since_sent{0};
  std::chrono::milliseconds since_acknowledged{0};
};

// A lower bound, as in TcpConnection.
std::chrono::milliseconds find_unanswered_time(const TcpSending& sending);

// What /proc/net/tcp or tcp6 holds -> inode of each established connection -> the address at its other end. Lines that
// are of another form are left out.
std::map<std::string, std::string> parse_tcp_table(std::string_view text);

}  // namespace smlaunch
