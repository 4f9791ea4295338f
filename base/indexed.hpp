// SPDX-License-Identifier: Apache-2.0
// A list whose positions have a type of their own, so that nobody looks up a host by the rank of a process.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace smlaunch {

// Says so on stderr, and aborts.
[[noreturn]] void fail_for_index(int value, std::size_t size) noexcept;

// `Index`: a struct whose first member is `int value`, from 0 on. A position below 0 or past the end is an
// error of the program: it aborts in every type of build.
template <class Index, class T>
class Indexed {
 public:
  using value_type = T;
  using const_reference = const T&;
  using iterator = typename std::vector<T>::iterator;
  using const_iterator = typename std::vector<T>::const_iterator;

  Indexed() = default;
  Indexed(std::initializer_list<T> items) : items_(items) {}
  explicit Indexed(std::vector<T> items) : items_(std::move(items)) {}
  explicit Indexed(std::size_t size, const T& item = T()) : items_(size, item) {}

  T& operator[](Index index) { return items_[checked(index.value)]; }
  const T& operator[](Index index) const { return items_[checked(index.value)]; }
  [[nodiscard]] bool has(Index index) const {
    return index.value >= 0 && static_cast<std::size_t>(index.value) < items_.size();
  }

  // All positions, ascending.
  class Indices {
   public:
    class Iterator {
     public:
      explicit Iterator(int value) : value_(value) {}
      Index operator*() const { return Index{value_}; }
      Iterator& operator++() {
        ++value_;
        return *this;
      }
      bool operator==(const Iterator&) const = default;

     private:
      int value_;
    };
    explicit Indices(int size) : size_(size) {}
    [[nodiscard]] Iterator begin() const { return Iterator(0); }
    [[nodiscard]] Iterator end() const { return Iterator(size_); }

   private:
    int size_;
  };
  [[nodiscard]] Indices indices() const { return Indices(static_cast<int>(items_.size())); }
  // The position of the next item that is appended.
  [[nodiscard]] Index next_index() const { return Index{static_cast<int>(items_.size())}; }

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  iterator begin() { return items_.begin(); }
  iterator end() { return items_.end(); }
  [[nodiscard]] const_iterator begin() const { return items_.begin(); }
  [[nodiscard]] const_iterator end() const { return items_.end(); }
  T& front() { return items_[checked(0)]; }
  [[nodiscard]] const T& front() const { return items_[checked(0)]; }
  T& back() { return items_[checked(last())]; }
  [[nodiscard]] const T& back() const { return items_[checked(last())]; }

  void push_back(T item) { items_.push_back(std::move(item)); }
  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    return items_.emplace_back(std::forward<Arguments>(arguments)...);
  }
  void pop_back() { items_.pop_back(); }
  void reserve(std::size_t size) { items_.reserve(size); }
  void clear() { items_.clear(); }
  // For callers that need the items but not their positions.
  [[nodiscard]] const std::vector<T>& items() const { return items_; }

  bool operator==(const Indexed&) const = default;

 private:
  // A negative value is past every end when it is unsigned.
  [[nodiscard]] std::size_t checked(int value) const {
    const auto position = static_cast<std::size_t>(value);
    if (position >= items_.size()) [[unlikely]]
      fail_for_index(value, items_.size());
    return position;
  }
  [[nodiscard]] int last() const { return static_cast<int>(items_.size()) - 1; }

  std::vector<T> items_;
};

}  // namespace smlaunch
