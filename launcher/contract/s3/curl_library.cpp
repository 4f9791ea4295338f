// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/curl_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

#include "launcher/contract/s3/curl_error.hpp"

namespace smlaunch {

namespace {

// By their names on Debian: with OpenSSL, with GnuTLS.
constexpr std::array<const char*, 2> names{"libcurl.so.4", "libcurl-gnutls.so.4"};

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, CurlLibrary& curl) {
  return find(library, "curl_global_init", curl.global_init) &&
         find(library, "curl_slist_append", curl.slist_append) &&
         find(library, "curl_slist_free_all", curl.slist_free_all) &&
         find(library, "curl_easy_init", curl.easy_init) &&
         find(library, "curl_easy_reset", curl.easy_reset) &&
         find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
         find(library, "curl_easy_setopt", curl.easy_setopt) &&
         find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
         find(library, "curl_easy_strerror", curl.easy_strerror) &&
         find(library, "curl_multi_init", curl.multi_init) &&
         find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
         find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
         find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         find(library, "curl_multi_perform", curl.multi_perform) &&
         find(library, "curl_multi_poll", curl.multi_poll) &&
         find(library, "curl_multi_info_read", curl.multi_info_read);
}

tl::expected<CurlLibrary, std::string> open_first() {
  std::optional<std::string> why;
  for (const char* name : names) {
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      if (!why) why = dlerror();
      continue;
    }
    CurlLibrary curl;
    if (!find_all(library, curl)) return tl::unexpected(fmt::format("{} is older than 7.66", name));
    curl.global_init(CURL_GLOBAL_DEFAULT);
    return curl;
  }
  return tl::unexpected(why.value_or("no name is known"));
}

}  // namespace

tl::expected<const CurlLibrary*, std::string> open_curl() {
  static const tl::expected<CurlLibrary, std::string> curl = open_first();
  if (!curl) return tl::unexpected(curl.error());
  return &*curl;
}

std::optional<std::string> curl_error() {
  const auto curl = open_curl();
  if (curl) return {};
  return curl.error();
}

}  // namespace smlaunch
