#include "support/allocation_watch.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest_bytes{0};
std::atomic<std::size_t> live_bytes{0};
std::atomic<std::size_t> peak_bytes{0};

void Raise(std::atomic<std::size_t>& mark, std::size_t value) noexcept {
  std::size_t known = mark.load(std::memory_order_relaxed);
  while (value > known && !mark.compare_exchange_weak(known, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t bytes = malloc_usable_size(memory);
  Raise(largest_bytes, size);
  Raise(peak_bytes, live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes);
  return memory;
}

// std::stable_sort asks this way; left out, a sanitizer's own would answer and ours would free.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  live_bytes.fetch_sub(malloc_usable_size(memory), std::memory_order_relaxed);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { operator delete(memory); }

namespace dbomsbak {

AllocationWatch::AllocationWatch() noexcept : start_(live_bytes.load()) {
  largest_bytes = 0;
  peak_bytes = start_;
}

std::size_t AllocationWatch::largest() const noexcept { return largest_bytes; }

std::size_t AllocationWatch::peak() const noexcept { return peak_bytes - start_; }

}  // namespace dbomsbak
