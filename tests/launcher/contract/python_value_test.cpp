// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/python_value.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace smlaunch {
namespace {

TEST(PythonValue, FloatsPrintAsPythonPrintsThem) {
  const std::pair<double, const char*> table[] = {
      {1000.0, "1000.0"}, {0.1, "0.1"},           {1e-5, "1e-05"},
      {0.0001, "0.0001"}, {1e16, "1e+16"},        {1e15, "1000000000000000.0"},
      {-0.0, "-0.0"},     {1.5e-300, "1.5e-300"}, {123456789.123, "123456789.123"},
      {5e-324, "5e-324"}, {1e22, "1e+22"},        {9007199254740993.0, "9007199254740992.0"},
  };
  for (const auto& [value, text] : table) {
    EXPECT_EQ(python_repr({value}), text);
    EXPECT_EQ(python_json_dumps({value}), text);
  }
}

TEST(PythonValue, NotANumberAndInfinityHaveTwoSpellings) {
  EXPECT_EQ(python_repr({PyList{{std::nan("")}, {HUGE_VAL}, {-HUGE_VAL}}}), "[nan, inf, -inf]");
  EXPECT_EQ(python_json_dumps({PyList{{std::nan("")}, {HUGE_VAL}, {-HUGE_VAL}}}), "[NaN,Infinity,-Infinity]");
}

TEST(PythonValue, ReprChoosesQuotesAsPythonDoes) {
  const std::pair<const char*, const char*> table[] = {
      {"plain", "'plain'"},
      {"it's", "\"it's\""},
      {"say \"x\"", "'say \"x\"'"},
      {"both'\"", "'both\\'\"'"},
      {"back\\slash", "'back\\\\slash'"},
      {"a\n\r\t\x01\x7f", "'a\\n\\r\\t\\x01\\x7f'"},
      {"\xC3\xA9", "'\xC3\xA9'"},
      {"\xC2\xA0", "'\\xa0'"},
      {"\xE2\x80\x8B", "'\\u200b'"},
      {"\xF3\xA0\x80\x81", "'\\U000e0001'"},
      {"\xED\xA0\x80", "'\\ud800'"},
      {"\xFF", "'\\udcff'"},
  };
  for (const auto& [text, repr] : table) EXPECT_EQ(python_repr({std::string(text)}), repr);
}

TEST(PythonValue, JsonSortsKeysAndEscapesAllButAscii) {
  const PyValue value{PyDict{{"b", {PyList{{true}, {PyNone{}}, {PyInt{"12345678901234567890123"}}}}},
                             {"a", {std::string("\xF0\x9F\x98\x80 \"q\" \x7f /")}}}};
  EXPECT_EQ(python_json_dumps(value),
            "{\"a\":\"\\ud83d\\ude00 \\\"q\\\" \\u007f /\",\"b\":[true,null,12345678901234567890123]}");
  EXPECT_EQ(python_repr(value),
            "{'b': [True, None, 12345678901234567890123], 'a': '\xF0\x9F\x98\x80 \"q\" \\x7f /'}");
}

TEST(PythonValue, StrDiffersFromReprForTextOnly) {
  EXPECT_EQ(python_str({std::string("it's")}), "it's");
  EXPECT_EQ(python_str({PyList{{std::string("x")}}}), "['x']");
  EXPECT_EQ(python_str({PyNone{}}), "None");
}

TEST(PythonValue, EmptyAndZeroAreFalse) {
  for (const char* text : {"null", "false", "0", "-0", "0.0", "\"\"", "[]", "{}"}) {
    EXPECT_FALSE(python_truth(*parse_python_json(text))) << text;
  }
  for (const char* text : {"true", "1", "-1", "NaN", "\"False\"", "[0]", "{\"\":0}"}) {
    EXPECT_TRUE(python_truth(*parse_python_json(text))) << text;
  }
}

TEST(PythonValue, FindLooksOnlyInDicts) {
  const PyValue value = *parse_python_json(R"({"a": [1]})");
  ASSERT_NE(value.find("a"), nullptr);
  EXPECT_EQ(value.find("b"), nullptr);
  EXPECT_EQ(value.find("a")->find("a"), nullptr);
  EXPECT_EQ(value.string(), nullptr);
  EXPECT_NE(value.find("a")->list(), nullptr);
}

}  // namespace
}  // namespace smlaunch
