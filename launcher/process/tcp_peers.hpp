// SPDX-License-Identifier: Apache-2.0
// With whom a process of this machine talks.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace smlaunch {

// The addresses to which TCP connections of `pid` lead now ("198.18.0.2", "2001:db8::1"); an IPv4 address that is
// written as IPv6 is told as IPv4. Empty: it has none, or we may not see them.
std::set<std::string> probe_tcp_peers(int pid);
// The same out of the tables of all connections, where its sockets cannot be asked.
std::set<std::string> look_up_tcp_peers(int pid);

// What /proc/net/tcp or tcp6 holds -> inode of each established connection -> the address at its other end. Lines that
// are of another form are left out.
std::map<std::string, std::string> parse_tcp_table(std::string_view text);

}  // namespace smlaunch
