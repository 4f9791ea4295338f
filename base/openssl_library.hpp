// SPDX-License-Identifier: Apache-2.0
// OpenSSL's libraries, opened when the first of their functions is called. To load them takes more than a millisecond of
// processor time, which the agent of every rank would pay, and most agents need none of them. A program that holds
// OpenSSL (SMLAUNCH_HOLDS_OPENSSL) opens nothing.
//
// A table of functions is a struct with one member for each, which has the function's name:
//   struct CryptoLibrary { SMLAUNCH_CRYPTO_FUNCTIONS(SMLAUNCH_OPENSSL_MEMBER) };
#pragma once

#include <optional>
#include <string>

namespace smlaunch {

enum class OpensslPart { crypto, ssl };

// The address of a function of that library, or of one below it. Where there is no such library, or no such function in
// it, the program ends and says so.
void* find_in_openssl(OpensslPart part, const char* function);

// Whether this program holds OpenSSL.
bool holds_openssl();

// Why the libraries cannot be opened on this machine; nothing: they can, or need not be.
std::optional<std::string> openssl_error();

#define SMLAUNCH_OPENSSL_MEMBER(name) decltype(&::name) name = nullptr;
#ifdef SMLAUNCH_HOLDS_OPENSSL
#define SMLAUNCH_OPENSSL_FUNCTION(part, name) (&::name)
#else
#define SMLAUNCH_OPENSSL_FUNCTION(part, name) \
  reinterpret_cast<decltype(&::name)>(::smlaunch::find_in_openssl(part, #name))
#endif

}  // namespace smlaunch
