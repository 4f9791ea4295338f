// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "launcher/contract/python_value.hpp"

namespace smlaunch {
namespace {

TEST(PythonJson, KeepsWhatALibraryWouldLose) {
  const std::pair<const char*, const char*> table[] = {
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"-0", "0"},
      {"1.0", "1.0"},
      {"1e400", "inf"},
      {"NaN", "nan"},
      {"\"\\ud800\"", "'\\ud800'"},
      {"\"\\ud83d\\ude00\"", "'\xF0\x9F\x98\x80'"},
      {R"({"b": 1, "a": 2, "b": 3})", "{'b': 3, 'a': 2}"},
      {" \t\r\n[ 1 , 2 ] ", "[1, 2]"},
  };
  for (const auto& [text, repr] : table) {
    const Result<PyValue> value = parse_python_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(python_repr(*value), repr);
  }
}

TEST(PythonJson, SaysWhereAndWhatIsWrong) {
  const std::tuple<std::string, const char*, const char*> table[] = {
      {"", "line 1 column 1", "the end of the text where a value should be"},
      {"{\"a\": 1", "line 1 column 8", "the text ends inside the object that begins on line 1"},
      {"{\n \"a\": [1,\n 2", "line 3 column 3", "the text ends inside the list that begins on line 2"},
      {"{\"a\"", "line 1 column 5", "the text ends inside the object that begins on line 1"},
      {"[1 2]", "line 1 column 4", "'2' where ',' or ']' should be"},
      {"[1,]", "line 1 column 4", "']' where a value should be"},
      {"{\"a\":1 \"b\":2}", "line 1 column 8", "'\"' where ',' or '}' should be"},
      {"{\"a\" 1}", "line 1 column 6", "'1' where ':' should be"},
      {"{a:1}", "line 1 column 2", "'a' where a key in double quotes should be"},
      {"{'a':1}", "line 1 column 2", "\"'\" where a key in double quotes should be"},
      {"{\"\xC3\xA9\":x}", "line 1 column 6", "'x' where a value should be"},
      {"\"abc", "line 1 column 1", "a string that does not end"},
      {"\"a\nb\"", "line 1 column 3", "the character U+000A inside a string"},
      {"\"\\x\"", "line 1 column 2", "a backslash before 'x'"},
      {"\"\\", "line 1 column 2", "the text ends inside a string"},
      {"\"\\u12\"", "line 1 column 2", "\\u without four hexadecimal digits"},
      {"\"\xFF\"", "line 1 column 2", "the byte 0xff, which is not UTF-8"},
      {"\xEF\xBB\xBF{}", "line 1 column 1", "a byte order mark where a value should be"},
      {"01", "line 1 column 2", "'1' after the end of the value"},
      {"1.", "line 1 column 2", "'.' after the end of the value"},
      {"True", "line 1 column 1", "'T' where a value should be"},
      {"-", "line 1 column 1", "'-' where a value should be"},
      {std::string("1\0", 2), "line 1 column 2", "the character U+0000 after the end of the value"},
      {std::string(2000, '['), "line 1 column 1002", "is nested more than 1,000 levels deep"},
  };
  for (const auto& [text, where, what] : table) {
    const Result<PyValue> value = parse_python_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().fault, Fault::configuration);
    EXPECT_EQ(value.error().problems.front().where, where) << text;
    EXPECT_EQ(value.error().problems.front().what, what) << text;
  }
}

TEST(PythonJson, AThousandLevelsAreRead) {
  EXPECT_TRUE(parse_python_json(std::string(1000, '[') + std::string(1000, ']')));
}

}  // namespace
}  // namespace smlaunch
