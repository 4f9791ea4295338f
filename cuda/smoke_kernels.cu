// SPDX-License-Identifier: Apache-2.0
// What the all-reduce check does on the GPU itself: fill a buffer with a rank's contribution, compare every
// element of a sum with what it must be, and hold a stream until all work is on it. The kernels do not know
// what the numbers mean: `values` is repeated through the buffer.

// The elements from `begin` to before `end`.
extern "C" __global__ void smlaunch_fill(long long* buffer, unsigned long long begin, unsigned long long end,
                                         const long long* values, unsigned period) {
  const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
  for (unsigned long long i = begin + static_cast<unsigned long long>(blockIdx.x) * blockDim.x + threadIdx.x;
       i < end; i += stride)
    buffer[i] = values[i % period];
}

// found[0]: how many elements are wrong; found[1]: the first of them; found[2]: the last. The caller has set
// them to 0, the largest number and 0.
extern "C" __global__ void smlaunch_verify(const long long* buffer, unsigned long long count,
                                           const long long* values, unsigned period,
                                           unsigned long long* found) {
  unsigned long long wrong = 0;
  unsigned long long first = ~0ULL;
  unsigned long long last = 0;
  const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
  for (unsigned long long i = static_cast<unsigned long long>(blockIdx.x) * blockDim.x + threadIdx.x;
       i < count; i += stride) {
    if (buffer[i] == values[i % period]) continue;
    if (wrong++ == 0) first = i;
    last = i;
  }
  if (wrong == 0) return;
  atomicAdd(&found[0], wrong);
  atomicMin(&found[1], first);
  atomicMax(&found[2], last);
}

// One thread. It ends when the host has written to `latch`, or after `most_clocks`: in the meantime the host
// may wait for something that itself waits for this stream.
extern "C" __global__ void smlaunch_hold(const volatile unsigned* latch, unsigned long long most_clocks) {
  const long long end = clock64() + static_cast<long long>(most_clocks);
  while (*latch == 0 && clock64() < end) {
  }
}
