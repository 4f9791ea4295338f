// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <climits>
#include <nlohmann/json.hpp>

namespace smlaunch {
namespace {

std::string written(std::string_view text) {
  JsonWriter json;
  json.value(text);
  return json.take();
}

TEST(JsonWriter, EscapesWhatJsonAsksForAndNothingElse) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {R"(say "hi")", R"("say \"hi\"")"},
      {R"(C:\dir)", R"("C:\\dir")"},
      {"a/b", R"("a/b")"},
      {"\n\r\t\b\f", R"("\n\r\t\b\f")"},
      {"\x01\x1b\x1f", R"("\u0001\u001b\u001f")"},
      {"\x7f", "\"\x7f\""},
      {"gr\u00fc\u00df \u4f60\u597d \U0001F680", "\"gr\u00fc\u00df \u4f60\u597d \U0001F680\""},
  };
  for (const auto& [text, json] : cases) EXPECT_EQ(written(text), json);
}

TEST(JsonWriter, WritesAReplacementCharacterForInvalidUtf8) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a\xff z", "\"a\ufffd z\""},              // a byte of no character
      {"\x80", "\"\ufffd\""},                    // a byte that only continues
      {"a\xc3", "\"a\ufffd\""},                  // cut off
      {"\xc3\"", "\"\ufffd\\\"\""},              // cut off before a quote, which stays one
      {"\xe2\x82\xac\xfe", "\"\u20ac\ufffd\""},  // what is right beside it stays
  };
  for (const auto& [text, json] : cases) {
    EXPECT_EQ(written(text), json);
    EXPECT_TRUE(nlohmann::json::accept(written(text))) << written(text);
  }
  // Two bytes for one ASCII character, and half of a pair: neither passes for a character.
  for (const std::string_view text : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_TRUE(nlohmann::json::accept(written(text))) << written(text);
    EXPECT_EQ(written(text).find(text), std::string::npos) << written(text);
  }
}

TEST(JsonWriter, RepairsNamesToo) {
  JsonWriter json;
  json.open_object().key("a\xff").value(1).close_object();
  EXPECT_EQ(json.text(), "{\"a\ufffd\":1}");
}

TEST(JsonWriter, PutsACommaBetweenValuesAndNowhereElse) {
  JsonWriter json;
  json.open_object();
  json.key("a").open_list().close_list();
  json.key("b").open_list().value(1).open_object().close_object().value("x").close_list();
  json.key("c").open_object().key("d").null().close_object();
  json.key("e").value(true).key("f").value(false);
  json.key("g").list({"p", "q"}).key("h").list({});
  json.key("i").raw("[1,2]").raw("\"j\":3");
  json.close_object();
  EXPECT_EQ(
      json.text(),
      R"({"a":[],"b":[1,{},"x"],"c":{"d":null},"e":true,"f":false,"g":["p","q"],"h":[],"i":[1,2],"j":3})");
  EXPECT_TRUE(nlohmann::json::accept(json.text()));
}

TEST(JsonWriter, WritesTheLargestNumbers) {
  JsonWriter json;
  json.open_list().value(LONG_MAX).value(LONG_MIN).value(0).value(-1).close_list();
  EXPECT_EQ(json.take(), "[9223372036854775807,-9223372036854775808,0,-1]");
}

TEST(JsonWriter, HandsOnALongTextInPieces) {
  std::string all;
  std::size_t longest = 0;
  JsonWriter pieces([&](std::string_view piece) {
    all += piece;
    longest = std::max(longest, piece.size());
  });
  JsonWriter whole;
  for (JsonWriter* json : {&pieces, &whole}) {
    json->open_list();
    for (int i = 0; i < 100'000; ++i) json->value(i);
    json->close_list();
  }
  pieces.finish();
  EXPECT_EQ(all, whole.text());
  EXPECT_LT(longest, 70'000U);
}

}  // namespace
}  // namespace smlaunch
