// SPDX-License-Identifier: Apache-2.0
// The driver's functions, on the host's memory. FAKE_GPUS is how many there are (8); FAKE_GPU_MEMORY the
// bytes of each (1 GiB).
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tests/programs/fake_gpu/fake_gpu.hpp"

namespace {

constexpr int success = 0;
constexpr int invalid_value = 1;
constexpr int out_of_memory = 2;
constexpr int no_device = 100;
constexpr int not_ready = 600;

class Stream {
 public:
  Stream() {
    std::thread([this] { run(); }).detach();
  }
  void enqueue(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    ++pending_;
    queue_.push_back(std::move(work));
    changed_.notify_all();
  }
  bool idle() const { return pending_ == 0; }
  void synchronize() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return idle(); });
  }

 private:
  void run() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !queue_.empty(); });
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      lock.lock();
      --pending_;
      changed_.notify_all();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::atomic<int> pending_ = 0;
};

struct Event {
  std::atomic<std::int64_t> ns = 0;
};

long number(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atol(text);
}
int gpus() { return static_cast<int>(number("FAKE_GPUS", 8)); }
std::size_t memory_bytes() { return static_cast<std::size_t>(number("FAKE_GPU_MEMORY", 1L << 30)); }
std::atomic<std::size_t> used_bytes = 0;
std::map<unsigned long long, std::size_t> allocations;
int contexts[64];

using Numbers = long long*;
Numbers numbers(unsigned long long address) { return reinterpret_cast<Numbers>(address); }

void fill(void** parameters, Stream& stream) {
  const auto buffer = *static_cast<unsigned long long*>(parameters[0]);
  const auto begin = *static_cast<unsigned long long*>(parameters[1]);
  const auto end = *static_cast<unsigned long long*>(parameters[2]);
  const auto values = *static_cast<unsigned long long*>(parameters[3]);
  const auto period = *static_cast<unsigned*>(parameters[4]);
  stream.enqueue([=] {
    for (auto i = begin; i < end; ++i) numbers(buffer)[i] = numbers(values)[i % period];
  });
}

void verify(void** parameters, Stream& stream) {
  const auto buffer = *static_cast<unsigned long long*>(parameters[0]);
  const auto count = *static_cast<unsigned long long*>(parameters[1]);
  const auto values = *static_cast<unsigned long long*>(parameters[2]);
  const auto period = *static_cast<unsigned*>(parameters[3]);
  const auto found = *static_cast<unsigned long long*>(parameters[4]);
  stream.enqueue([=] {
    auto* answer = reinterpret_cast<unsigned long long*>(found);
    for (unsigned long long i = 0; i < count; ++i) {
      if (numbers(buffer)[i] == numbers(values)[i % period]) continue;
      if (answer[0]++ == 0) answer[1] = i;
      answer[2] = i;
    }
  });
}

// Counts clocks as nanoseconds.
void hold(void** parameters, Stream& stream) {
  const auto latch = *static_cast<unsigned long long*>(parameters[0]);
  const auto clocks = *static_cast<unsigned long long*>(parameters[1]);
  stream.enqueue([=] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(clocks);
    std::atomic_ref open(*reinterpret_cast<unsigned*>(latch));
    // Threads of a few cores stand for many GPUs: they leave the cores to each other.
    while (open == 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  });
}

using Kernel = void (*)(void**, Stream&);

}  // namespace

namespace fake_gpu {
void enqueue(void* stream, std::function<void()> work) {
  static_cast<Stream*>(stream)->enqueue(std::move(work));
}
}  // namespace fake_gpu

extern "C" {

int cuInit(unsigned) { return gpus() == 0 ? no_device : success; }
int cuGetErrorName(int code, const char** name) {
  *name = code == out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY"
          : code == no_device   ? "CUDA_ERROR_NO_DEVICE"
                                : "CUDA_ERROR_INVALID_VALUE";
  return success;
}
int cuGetErrorString(int code, const char** text) {
  *text = code == out_of_memory ? "out of memory"
          : code == no_device   ? "no CUDA-capable device is detected"
                                : "invalid argument";
  return success;
}
int cuDeviceGetCount(int* count) {
  *count = gpus();
  return success;
}
int cuDeviceGet(int* device, int index) {
  *device = index;
  return index < gpus() ? success : invalid_value;
}
// Of one host and index, the same in every process.
int cuDeviceGetUuid(unsigned char* uuid, int device) {
  const char* host = std::getenv("SM_CURRENT_HOST");
  const std::size_t hash = std::hash<std::string>()(host == nullptr ? "" : host);
  std::memset(uuid, 0, 16);
  std::memcpy(uuid, &hash, sizeof hash);
  uuid[15] = static_cast<unsigned char>(device);
  return success;
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
  *context = &contexts[device];
  return success;
}
int cuCtxSetCurrent(void*) { return success; }
int cuMemGetInfo_v2(std::size_t* free_bytes, std::size_t* total) {
  *total = memory_bytes();
  *free_bytes = *total - used_bytes;
  return success;
}
int cuMemAlloc_v2(unsigned long long* pointer, std::size_t bytes) {
  if (used_bytes + bytes > memory_bytes()) return out_of_memory;
  used_bytes += bytes;
  *pointer = reinterpret_cast<unsigned long long>(std::malloc(bytes));
  allocations[*pointer] = bytes;
  return success;
}
int cuMemFree_v2(unsigned long long pointer) {
  used_bytes -= allocations[pointer];
  allocations.erase(pointer);
  std::free(numbers(pointer));
  return success;
}
int cuMemHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  *pointer = std::malloc(bytes);
  return success;
}
int cuMemHostGetDevicePointer_v2(unsigned long long* pointer, void* host, unsigned) {
  *pointer = reinterpret_cast<unsigned long long>(host);
  return success;
}
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, std::size_t bytes, void* stream) {
  fake_gpu::enqueue(stream, [=] { std::memcpy(numbers(to), from, bytes); });
  return success;
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, std::size_t bytes, void* stream) {
  fake_gpu::enqueue(stream, [=] { std::memcpy(to, numbers(from), bytes); });
  return success;
}
int cuMemsetD8Async(unsigned long long to, unsigned char byte, std::size_t bytes, void* stream) {
  fake_gpu::enqueue(stream, [=] { std::memset(numbers(to), byte, bytes); });
  return success;
}
int cuStreamCreate(void** stream, unsigned) {
  *stream = new Stream;
  return success;
}
int cuStreamQuery(void* stream) { return static_cast<Stream*>(stream)->idle() ? success : not_ready; }
int cuStreamSynchronize(void* stream) {
  static_cast<Stream*>(stream)->synchronize();
  return success;
}
int cuEventCreate(void** event, unsigned) {
  *event = new Event;
  return success;
}
int cuEventRecord(void* event, void* stream) {
  fake_gpu::enqueue(stream, [event] {
    static_cast<Event*>(event)->ns = std::chrono::steady_clock::now().time_since_epoch().count();
  });
  return success;
}
int cuEventElapsedTime(float* milliseconds, void* from, void* to) {
  *milliseconds = static_cast<float>(static_cast<Event*>(to)->ns - static_cast<Event*>(from)->ns) / 1e6F;
  return success;
}
int cuModuleLoadData(void** module, const void*) {
  *module = contexts;
  return success;
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  static const std::map<std::string, Kernel> kernels = {
      {"smlaunch_fill", fill}, {"smlaunch_verify", verify}, {"smlaunch_hold", hold}};
  const auto found = kernels.find(name);
  *function = found == kernels.end() ? nullptr : reinterpret_cast<void*>(found->second);
  return found == kernels.end() ? invalid_value : success;
}
int cuLaunchKernel(void* function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                   void* stream, void** parameters, void**) {
  reinterpret_cast<Kernel>(function)(parameters, *static_cast<Stream*>(stream));
  return success;
}

}  // extern "C"
