// SPDX-License-Identifier: Apache-2.0
// Writes JSON text piece by piece. A plan of 80,000 ranks is hashed at every start, and a tree of nodes
// for it would cost ten times what the text costs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smlaunch {

// No white space. Strings look as Python's json.dumps(ensure_ascii=False) writes them, with U+FFFD in place
// of invalid UTF-8. The caller gives an object's keys in sorted order.
class JsonWriter {
 public:
  using Sink = std::function<void(std::string_view)>;

  JsonWriter() = default;
  // The text goes to `sink` in pieces, so that none longer than some 64 KiB is kept; the rest by finish().
  explicit JsonWriter(Sink sink) : sink_(std::move(sink)) {}

  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(long number);
  JsonWriter& value(int number) { return value(static_cast<long>(number)); }
  JsonWriter& value(bool truth);
  JsonWriter& null();
  JsonWriter& open_object();
  JsonWriter& close_object();
  JsonWriter& open_list();
  JsonWriter& close_list();
  JsonWriter& list(const std::vector<std::string>& texts);
  // A value that is JSON text already.
  JsonWriter& raw(std::string_view json);

  [[nodiscard]] const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }
  // Only of a writer with a sink.
  void finish();

 private:
  void separate();
  void append(std::string_view text);
  void hand_on();
  std::string text_;
  bool needs_comma_ = false;
  Sink sink_ = {};
};

}  // namespace smlaunch
