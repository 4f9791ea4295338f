// SPDX-License-Identifier: Apache-2.0
#include "cuda/nccl_api.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "cuda/elf_facts.hpp"
#include "cuda/nccl_library.hpp"
#include "cuda/test_double.hpp"

namespace smlaunch {
namespace {

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

// Returns the name of the first function that is missing; empty: none is.
std::string find_functions(void* library, NcclApi& nccl) {
  find(library, "ncclCommInitRankConfig", nccl.init_rank_config);
  find(library, "ncclCommFinalize", nccl.finalize);
  find(library, "ncclGetLastError", nccl.last_error);
  if (!find(library, "ncclGetVersion", nccl.get_version)) return "ncclGetVersion";
  if (!find(library, "ncclGetUniqueId", nccl.get_unique_id)) return "ncclGetUniqueId";
  if (!find(library, "ncclCommInitRank", nccl.init_rank)) return "ncclCommInitRank";
  if (!find(library, "ncclCommGetAsyncError", nccl.get_async_error)) return "ncclCommGetAsyncError";
  if (!find(library, "ncclAllReduce", nccl.all_reduce)) return "ncclAllReduce";
  if (!find(library, "ncclCommAbort", nccl.abort)) return "ncclCommAbort";
  if (!find(library, "ncclCommDestroy", nccl.destroy)) return "ncclCommDestroy";
  if (!find(library, "ncclGetErrorString", nccl.error_string)) return "ncclGetErrorString";
  return {};
}

// The file of the library, as the loader found it.
std::string loaded_path(const NcclApi& nccl, const std::string& asked) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(nccl.get_version), &info) == 0 || info.dli_fname == nullptr)
    return asked;
  std::error_code error;
  const auto real = std::filesystem::canonical(info.dli_fname, error);
  return error ? info.dli_fname : real.string();
}

Result<NcclApi> take(void* library, const std::string& asked) {
  NcclApi nccl;
  const LibraryOrigin origin = find_origin(library);
  if (origin == LibraryOrigin::refused_test_double)
    return failure(Fault::start, asked, "is a test's imitation of NCCL",
                   fmt::format("name the real library; only tests set {}", test_double_variable));
  nccl.is_test_double = origin == LibraryOrigin::test_double;
  if (const std::string missing = find_functions(library, nccl); !missing.empty())
    return failure(Fault::start, asked, fmt::format("is no NCCL: it lacks {}", missing),
                   "name NCCL's library with --nccl-lib");
  nccl.path = loaded_path(nccl, asked);
  if (nccl.get_version(&nccl.version) != nccl_success) nccl.version = 0;
  if (const auto facts = read_elf_file(nccl.path)) nccl.build_id = facts->build_id;
  return nccl;
}

}  // namespace

std::string NcclApi::describe(NcclResult result, NcclComm comm) const {
  const std::string name = error_string(result);
  const char* detail = last_error == nullptr ? nullptr : last_error(comm);
  return detail == nullptr || *detail == '\0' ? name : fmt::format("{}: {}", name, detail);
}

Result<NcclApi> load_nccl(const std::string& path) {
  if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return take(library, path);
  const char* said = dlerror();
  std::string what = said == nullptr ? path + " cannot be opened" : said;
  // The loader begins its words with the file; where that is the usual one, our Problem names it already.
  if (path == nccl_file_name && what.starts_with(path + ": ")) what.erase(0, path.size() + 2);
  return failure(Fault::start, nccl_file_name, std::move(what),
                 "install NCCL on this host (the package nvidia-nccl, or PyTorch with CUDA), or name it with "
                 "--nccl-lib");
}

}  // namespace smlaunch
