// SPDX-License-Identifier: Apache-2.0
// The secret of one job, and how each side of a connection proves that it knows it without saying it.
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// 64 hexadecimal digits from the kernel's generator.
std::string make_token();

// 32 hexadecimal digits, used once.
std::string make_nonce();

// HMAC-SHA-256 over who speaks and both nonces, in hexadecimal.
std::string prove_token(std::string_view token, std::string_view speaker, std::string_view leader_nonce,
                        std::string_view agent_nonce);

// Takes the same time wherever they differ.
bool equal_proofs(std::string_view a, std::string_view b);

}  // namespace smlaunch
