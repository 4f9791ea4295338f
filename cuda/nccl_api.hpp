// SPDX-License-Identifier: Apache-2.0
// The job's own NCCL, opened at run time. It is declared by hand, by its stable ABI (nccl.h of 2.14 to
// 2.29), so that no NCCL is needed to build. It is never closed again: neither NCCL nor the driver expects
// to be unloaded.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

using NcclResult = int;
inline constexpr NcclResult nccl_success = 0;
inline constexpr NcclResult nccl_remote_error = 6;
inline constexpr NcclResult nccl_in_progress = 7;
inline constexpr int nccl_int64 = 4;
inline constexpr int nccl_sum = 0;
inline constexpr int nccl_max = 2;
using NcclComm = struct ncclComm*;
using NcclUniqueId = struct NcclUniqueIdBytes { std::array<char, 128> bytes{}; };
static_assert(sizeof(NcclUniqueId) == 128);

// ncclConfig_t of NCCL 2.14. Later versions read `size` bytes, and fill their newer fields by `version`
// (init.cc: parseCommConfig).
struct NcclConfig {
  std::size_t size = sizeof(NcclConfig);
  unsigned magic = 0xcafebeef;
  unsigned version = 21400;
  int blocking = 0;
};
static_assert(sizeof(NcclConfig) == 24);

struct NcclApi {
  std::string path;      // with all links followed
  int version = 0;       // as ncclGetVersion gives it: 22809; 0: not known
  std::string build_id;  // empty: the file has none
  bool is_test_double = false;

  NcclResult (*get_version)(int*) = nullptr;
  NcclResult (*get_unique_id)(NcclUniqueId*) = nullptr;
  NcclResult (*init_rank)(NcclComm*, int ranks, NcclUniqueId, int rank) = nullptr;
  NcclResult (*get_async_error)(NcclComm, NcclResult*) = nullptr;
  NcclResult (*all_reduce)(const void* send, void* receive, std::size_t count, int type, int operation,
                           NcclComm, void* stream) = nullptr;
  NcclResult (*abort)(NcclComm) = nullptr;
  NcclResult (*destroy)(NcclComm) = nullptr;
  const char* (*error_string)(NcclResult) = nullptr;

  // Since 2.14; null in older versions, whose calls return only when they are done.
  NcclResult (*init_rank_config)(NcclComm*, int ranks, NcclUniqueId, int rank, NcclConfig*) = nullptr;
  NcclResult (*finalize)(NcclComm) = nullptr;
  // Since 2.13; null in older versions.
  const char* (*last_error)(NcclComm) = nullptr;

  [[nodiscard]] bool is_non_blocking() const { return init_rank_config != nullptr && finalize != nullptr; }
  // "unhandled system error: socketStartConnect: Connect to 10.0.0.2<41235> failed"
  [[nodiscard]] std::string describe(NcclResult result, NcclComm comm) const;
};

// `path`: a file; without a slash, a name that the loader searches for. Errors (Fault::start): it cannot be
// opened, with the loader's words; it lacks functions of NCCL; it is a test double outside a test.
Result<NcclApi> load_nccl(const std::string& path);

}  // namespace smlaunch
