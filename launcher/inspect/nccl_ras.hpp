// SPDX-License-Identifier: Apache-2.0
// What NCCL itself says of the job's communicators. Since 2.24 a thread of NCCL's in each rank answers on a port of its
// host (NCCL_RAS_ADDR, otherwise 28028), and one question tells of all ranks: the protocol of NVIDIA's ncclras.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

inline constexpr std::size_t most_ras = 4U << 20U;  // bytes of an answer

// The port by these variables of a rank; 0: NCCL does not answer there.
int find_ras_port(const std::map<std::string, std::string>& variables);

// A TCP socket that somebody listens on.
struct ListeningSocket {
  std::string inode = {};
  std::string address = {};  // "127.0.0.1", "::1"; by which this host reaches it
  bool operator==(const ListeningSocket&) const = default;
};
// Of a text such as /proc/net/tcp, or /proc/net/tcp6, those on this port.
std::vector<ListeningSocket> parse_listening(std::string_view text, int port);

// Asks NCCL, if one of these processes listens on its port: JSON where NCCL has it (2.28.7), otherwise text. For five
// seconds at most, or until `is_over`. Empty: there is no answer.
std::string ask_nccl(const std::vector<int>& pids, int port, const std::atomic<bool>& is_over);

}  // namespace smlaunch
