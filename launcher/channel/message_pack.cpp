// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

namespace {

using Json = nlohmann::json;

// Makes nothing of what it hears, and says no to what is nested too deep: the parser stops there.
class DepthBound final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= deepest_message; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t) override { return ++depth_ <= deepest_message; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  int depth_ = 0;
};

}  // namespace

bool is_flat_message_pack(std::string_view text) {
  DepthBound bound;
  return Json::sax_parse(text.begin(), text.end(), &bound, Json::input_format_t::msgpack);
}

}  // namespace smlaunch
