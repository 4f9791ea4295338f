// SPDX-License-Identifier: Apache-2.0
// Opened at run time and declared by hand: it is there where Slurm is, and nobody needs it to build.
#include "launcher/channel/munge.hpp"

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace smlaunch {

namespace {

constexpr const char* library_name = "libmunge.so.2";
// What a credential begins with (munge(7)).
constexpr std::string_view prefix = "MUNGE:";
constexpr char end_mark = ':';
// Between the job and the token in it.
constexpr char separator = '\n';
// In bytes. A credential of a token and a job's name has about 250, whatever cipher munge takes.
constexpr std::size_t shortest_credential = 128;
constexpr std::size_t longest_credential = 1024;
// munge.h: munge_err_t, munge_opt_t.
constexpr int success = 0;
constexpr int uid_restriction = 9;

using Context = void*;

}  // namespace

struct Munge::Library {
  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle != nullptr) dlclose(handle);
  }

  void* handle = nullptr;
  int (*encode)(char** credential, Context context, const void* bytes, int size) = nullptr;
  int (*decode)(const char* credential, Context context, void** bytes, int* size, uid_t* uid,
                gid_t* gid) = nullptr;
  Context (*make_context)() = nullptr;
  void (*free_context)(Context context) = nullptr;
  int (*set)(Context context, int option, ...) = nullptr;
};

namespace {

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

Munge::Munge(std::unique_ptr<Library> library) : library_(std::move(library)) {}

Munge::~Munge() = default;

std::shared_ptr<const Munge> Munge::open() {
  auto library = std::make_unique<Library>();
  library->handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  void* const handle = library->handle;
  if (handle == nullptr || !find(handle, "munge_encode", library->encode) ||
      !find(handle, "munge_decode", library->decode) ||
      !find(handle, "munge_ctx_create", library->make_context) ||
      !find(handle, "munge_ctx_destroy", library->free_context) ||
      !find(handle, "munge_ctx_set", library->set))
    return nullptr;
  std::shared_ptr<const Munge> munge(new Munge(std::move(library)));
  return munge->make_key("") ? munge : nullptr;
}

std::string Munge::make_payload(const std::string& job, const std::string& token) {
  return job + separator + token;
}

std::optional<std::string> Munge::find_token(std::string_view payload, const std::string& job) {
  const std::string begin = job + separator;
  if (!payload.starts_with(begin)) return {};
  return std::string(payload.substr(begin.size()));
}

std::optional<ChannelKey> Munge::make_key(const std::string& job) const {
  const std::string token = make_token();
  const std::string payload = make_payload(job, token);
  const Context context = library_->make_context();
  if (context == nullptr) return {};
  char* credential = nullptr;
  const bool is_made =
      library_->set(context, uid_restriction, getuid()) == success &&
      library_->encode(&credential, context, payload.data(), static_cast<int>(payload.size())) == success;
  library_->free_context(context);
  ChannelKey key = make_channel_key(token);
  if (is_made && credential != nullptr) key.identity = credential;
  std::free(credential);
  if (!is_made) return {};
  return key;
}

std::optional<ChannelKey> Munge::find_key(std::string_view identity, const std::string& job) const {
  if (!is_identity(identity)) return {};
  const std::string credential(identity);
  void* bytes = nullptr;
  int size = 0;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  const int error = library_->decode(credential.c_str(), nullptr, &bytes, &size, &uid, &gid);
  const std::string payload(static_cast<const char*>(bytes),
                            bytes == nullptr ? 0 : static_cast<std::size_t>(size));
  std::free(bytes);
  const auto token = find_token(payload, job);
  if (error != success || uid != getuid() || !token) return {};
  ChannelKey key = make_channel_key(*token);
  key.identity = credential;
  return key;
}

bool Munge::is_identity(std::string_view identity) {
  return identity.starts_with(prefix) && identity.ends_with(end_mark) &&
         identity.size() >= shortest_credential && identity.size() <= longest_credential &&
         identity.find('\0') == std::string_view::npos;
}

}  // namespace smlaunch
