// SPDX-License-Identifier: Apache-2.0
// One end of a TLS 1.3 connection with a pre-shared key, without a socket: bytes in, bytes out. Until the
// other end has proved that it knows the key, nothing that it sends gets past this.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/channel/token.hpp"

namespace smlaunch {

struct TlsState;

class TlsSession {
 public:
  enum class End { connecting, listening };

  // `keys`: the listening end accepts each of them, and what `find` knows, which is asked once; the connecting end offers
  // the first, and has bytes to send at once.
  TlsSession(End end, std::vector<ChannelKey> keys, FindKey find = {});
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // What the other end has sent; `take` gets what it says, in pieces of at most 16 KiB. False: this
  // connection is over, and error() says why.
  bool receive(std::string_view bytes, const std::function<void(std::string_view)>& take);
  // Only once it is open.
  void send(std::string_view text);
  // What is to be sent to the other end.
  std::string take_outgoing();

  // Both ends have proved that they know the key.
  [[nodiscard]] bool is_open() const;
  // Of the key that the other end knows; empty before it is open.
  [[nodiscard]] const std::string& identity() const;
  [[nodiscard]] const std::string& error() const;
  // The other end has named a key that is none of ours (listening), or has refused ours (connecting).
  [[nodiscard]] bool is_of_other_key() const;

 private:
  std::unique_ptr<TlsState> state_;
};

}  // namespace smlaunch
