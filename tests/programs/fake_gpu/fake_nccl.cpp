// SPDX-License-Identifier: Apache-2.0
// The process that makes the unique id listens; every rank connects, sends what it contributes, and gets the
// sum. With FAKE_OLD_NCCL it is a version before 2.14: no non-blocking calls.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/programs/fake_gpu/fake_gpu.hpp"

namespace {

constexpr int success = 0;
constexpr int system_error = 2;
constexpr int invalid_argument = 4;
constexpr int remote_error = 6;
constexpr int in_progress = 7;
constexpr std::size_t large = 64;  // elements: what is not the check's own housekeeping

struct UniqueId {
  char bytes[128];
};
struct IdBytes {
  char mark[8];
  sockaddr_in address;
};
struct Greeting {
  std::int32_t ranks;
  std::int32_t rank;
};
struct Order {
  std::uint64_t elements;
  std::int64_t operation;  // 0 sum, 2 maximum
  bool operator==(const Order&) const = default;
};

bool send_all(int socket, const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t sent = send(socket, at, bytes, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, void* data, std::size_t bytes) {
  return bytes == 0 || recv(socket, data, bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes);
}

void send_at_once(int socket) {
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// The address of the interface that NCCL_SOCKET_IFNAME begins with.
in_addr own_address() {
  in_addr address{htonl(INADDR_LOOPBACK)};
  const char* wanted = std::getenv("NCCL_SOCKET_IFNAME");
  ifaddrs* list = nullptr;
  if (wanted == nullptr || getifaddrs(&list) != 0) return address;
  if (*wanted == '=') ++wanted;
  for (ifaddrs* each = list; each != nullptr; each = each->ifa_next)
    if (each->ifa_addr != nullptr && each->ifa_addr->sa_family == AF_INET &&
        std::string_view(each->ifa_name).starts_with(wanted))
      address = reinterpret_cast<sockaddr_in*>(each->ifa_addr)->sin_addr;
  freeifaddrs(list);
  return address;
}

// The root's side: sums until somebody leaves, and then everybody is sent away.
void serve(int listener) {
  std::vector<int> ranks;
  std::size_t expected = 1;
  for (std::size_t here = 0; here < expected; ++here) {
    const int socket = accept(listener, nullptr, nullptr);
    send_at_once(socket);
    Greeting greeting{};
    if (!receive_all(socket, &greeting, sizeof greeting)) return;
    expected = static_cast<std::size_t>(greeting.ranks);
    ranks.resize(expected, -1);
    ranks[static_cast<std::size_t>(greeting.rank)] = socket;
  }
  close(listener);
  for (const int socket : ranks) send_all(socket, "r", 1);
  const auto reduce = [&] {
    std::vector<std::int64_t> sum;
    std::vector<std::int64_t> own;
    Order first{};
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      Order order{};
      if (!receive_all(ranks[i], &order, sizeof order)) return false;
      if (i == 0) first = order;
      if (!(order == first)) return false;
      own.resize(order.elements);
      if (!receive_all(ranks[i], own.data(), own.size() * sizeof own[0])) return false;
      if (i == 0) sum = own;
      for (std::size_t e = 0; i > 0 && e < own.size(); ++e)
        sum[e] = order.operation == 2 ? std::max(sum[e], own[e])
                                      : static_cast<std::int64_t>(static_cast<std::uint64_t>(sum[e]) +
                                                                  static_cast<std::uint64_t>(own[e]));
    }
    return std::all_of(ranks.begin(), ranks.end(),
                       [&](int socket) { return send_all(socket, sum.data(), sum.size() * sizeof sum[0]); });
  };
  while (reduce()) {
  }
  for (const int socket : ranks) close(socket);
}

}  // namespace

struct ncclComm {
  int socket = -1;
  int ranks = 0;
  std::atomic<int> state = in_progress;
  std::atomic<bool> aborted = false;
  bool had_large = false;
};

namespace {

std::string error_text;

void wait_until_aborted(const ncclComm* comm) {
  while (!comm->aborted) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

int connect_to(ncclComm* comm, const UniqueId& id, int rank) {
  if (fake_gpu::fault("hang_init")) {
    wait_until_aborted(comm);
    return system_error;
  }
  IdBytes bytes{};
  std::memcpy(&bytes, id.bytes, sizeof bytes);
  if (std::memcmp(bytes.mark, "smlfake", 8) != 0) return invalid_argument;
  comm->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  send_at_once(comm->socket);
  const Greeting greeting{comm->ranks, rank};
  char ready = 0;
  if (fake_gpu::fault("fail_init") ||
      connect(comm->socket, reinterpret_cast<const sockaddr*>(&bytes.address), sizeof bytes.address) != 0 ||
      !send_all(comm->socket, &greeting, sizeof greeting) || !receive_all(comm->socket, &ready, 1)) {
    error_text = "Call to connect failed: Connection refused";
    return system_error;
  }
  return success;
}

int init(ncclComm** made, int ranks, const UniqueId& id, int rank, bool blocking) {
  auto* comm = new ncclComm;
  comm->ranks = ranks;
  *made = comm;
  if (blocking) {
    comm->state = connect_to(comm, id, rank);
    return comm->state;
  }
  std::thread([comm, id, rank] { comm->state = connect_to(comm, id, rank); }).detach();
  return in_progress;
}

void change(std::vector<std::int64_t>& sent) {
  const std::size_t begin = sent.size() / 4;
  const std::size_t end = sent.size() / 2;
  if (fake_gpu::fault("double"))
    for (auto& each : sent) each *= 2;
  if (fake_gpu::fault("drop")) std::fill(sent.begin(), sent.end(), 0);
  if (fake_gpu::fault("corrupt_sent"))
    for (std::size_t i = begin; i < end; ++i) sent[i] ^= 0x1234567812345678;
}

int reduce(ncclComm* comm, const std::int64_t* send, std::int64_t* receive, std::size_t elements,
           int operation) {
  std::vector<std::int64_t> own(send, send + elements);
  if (elements >= large) {
    const bool is_first = !comm->had_large;
    comm->had_large = true;
    if (is_first && fake_gpu::fault("hang")) {
      wait_until_aborted(comm);
      return system_error;
    }
    if (is_first && fake_gpu::fault("fail")) {
      shutdown(comm->socket, SHUT_RDWR);
      error_text = "NET/Fake : the cable was pulled";
      return system_error;
    }
    change(own);
    if (const auto slow = fake_gpu::fault("slow"))
      std::this_thread::sleep_for(std::chrono::milliseconds(*slow));
  }
  const Order order{elements, operation};
  if (!send_all(comm->socket, &order, sizeof order) ||
      !send_all(comm->socket, own.data(), elements * sizeof own[0]) ||
      !receive_all(comm->socket, receive, elements * sizeof own[0])) {
    error_text = "Connection closed by remote peer";
    return remote_error;
  }
  if (elements >= large && fake_gpu::fault("corrupt_received"))
    for (std::size_t i = elements / 4; i < elements / 2; ++i) receive[i] ^= 0x1234567812345678;
  return success;
}

}  // namespace

extern "C" {

int ncclGetVersion(int* version) {
  *version = static_cast<int>(fake_gpu::fault("version").value_or(FAKE_NCCL_VERSION));
  return success;
}

int ncclGetUniqueId(UniqueId* id) {
  IdBytes bytes{};
  std::memcpy(bytes.mark, "smlfake", 8);
  bytes.address.sin_family = AF_INET;
  bytes.address.sin_addr = own_address();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof bytes.address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&bytes.address), size) != 0 || listen(listener, 1024) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&bytes.address), &size) != 0)
    return system_error;
  std::memset(id, 0, sizeof *id);
  std::memcpy(id->bytes, &bytes, sizeof bytes);
  std::thread(serve, listener).detach();
  return success;
}

int ncclCommInitRank(ncclComm** comm, int ranks, UniqueId id, int rank) {
  return init(comm, ranks, id, rank, true);
}

#ifndef FAKE_OLD_NCCL
struct Config {
  std::size_t size;
  unsigned magic;
  unsigned version;
  int blocking;
};
int ncclCommInitRankConfig(ncclComm** comm, int ranks, UniqueId id, int rank, const Config* config) {
  if (config->magic != 0xcafebeef || config->size < sizeof(Config) || config->version < 21400) {
    error_text = "ncclConfig_t argument not initialized via NCCL_CONFIG_INITIALIZER";
    return invalid_argument;
  }
  return init(comm, ranks, id, rank, config->blocking != 0);
}
int ncclCommFinalize(ncclComm*) { return success; }
const char* ncclGetLastError(ncclComm*) { return error_text.c_str(); }
#endif

int ncclCommGetAsyncError(ncclComm* comm, int* state) {
  *state = comm->state;
  return success;
}

int ncclAllReduce(const void* send, void* receive, std::size_t elements, int type, int operation,
                  ncclComm* comm, void* stream) {
  if (type != 4 || (operation != 0 && operation != 2)) return invalid_argument;
  fake_gpu::enqueue(stream, [=] {
    if (comm->state != success) return;
    comm->state = reduce(comm, static_cast<const std::int64_t*>(send), static_cast<std::int64_t*>(receive),
                         elements, operation);
    // A real one leaves its kernel waiting on the GPU until it is aborted.
    if (comm->state != success) wait_until_aborted(comm);
  });
  return success;
}

int ncclCommAbort(ncclComm* comm) {
  if (fake_gpu::fault("stuck_abort"))
    while (true) pause();
  if (comm->socket >= 0) shutdown(comm->socket, SHUT_RDWR);
  comm->aborted = true;
  return success;
}

int ncclCommDestroy(ncclComm* comm) {
  close(comm->socket);
  delete comm;
  return success;
}

const char* ncclGetErrorString(int code) {
  switch (code) {
    case success: return "no error";
    case system_error: return "unhandled system error";
    case invalid_argument: return "invalid argument";
    case remote_error: return "remote process exited or there was a network error";
    default: return "unknown result code";
  }
}

}  // extern "C"
