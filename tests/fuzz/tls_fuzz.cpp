// SPDX-License-Identifier: Apache-2.0
// What a stranger sends to the leader: whatever it is, nothing of it gets through.
#include "launcher/channel/tls_session.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  static const ChannelKey key = make_channel_key("a token that no fuzzer knows");
  TlsSession session(TlsSession::End::listening, {key});
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes.size(), 1000);
    const bool goes_on = session.receive(bytes.substr(0, piece), [](std::string_view) { std::abort(); });
    must(!session.is_open());
    if (!goes_on) return;
    bytes.remove_prefix(piece);
  }
}

}  // namespace smlaunch
