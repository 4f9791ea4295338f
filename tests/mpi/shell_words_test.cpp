// SPDX-License-Identifier: Apache-2.0
#include "mpi/shell_words.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <random>

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;

struct SplitCase {
  std::string text;
  Words words;
};

TEST(SplitShellWords, ReadsWhatShReads) {
  const SplitCase cases[] = {
      {"", {}},
      {" \t\n ", {}},
      {"a", {"a"}},
      {"  -x  A=1\t--mca\npml ob1 ", {"-x", "A=1", "--mca", "pml", "ob1"}},
      {"-x FOO='a b'", {"-x", "FOO=a b"}},
      {"-x \"FOO=a b\"", {"-x", "FOO=a b"}},
      {"'' \"\" a''b", {"", "", "ab"}},
      {"'a\\b'", {"a\\b"}},
      {"\"a\\b\\\\c\\\"d\\$e\\`f\"", {"a\\b\\c\"d$e`f"}},
      {"a\\ b \\'c\\\"", {"a b", "'c\""}},
      {"a\\\nb \"c\\\nd\" \\\n e", {"ab", "cd", "e"}},
      {"a#b # c", {"a#b", "#", "c"}},
      {"$HOME ~ * `x` a;b|c&d", {"$HOME", "~", "*", "`x`", "a;b|c&d"}},
      {"'it'\"'\"'s'", {"it's"}},
      {"\xc3\xa9 'line\nbreak'", {"\xc3\xa9", "line\nbreak"}},
  };
  for (const SplitCase& c : cases)
    EXPECT_EQ(split_shell_words(c.text).value_or(Words{"error"}), c.words) << c.text;
}

TEST(SplitShellWords, NamesTheQuoteThatIsNeverClosed) {
  const struct {
    std::string text;
    Problem problem;
  } cases[] = {
      {"-x 'a b",
       {"character 4", "the single quote that opens here is never closed",
        "close it, or write \\' for the character itself"}},
      {"a \"b c\\\"",
       {"character 3", "the double quote that opens here is never closed",
        "close it, or write \\\" for the character itself"}},
      {"\"a\\",
       {"character 1", "the double quote that opens here is never closed",
        "close it, or write \\\" for the character itself"}},
      {"ab\\",
       {"character 3", "a backslash stands at the end with nothing to quote",
        "remove it, or write \\\\ for a backslash"}},
  };
  for (const auto& c : cases) {
    const Result<Words> words = split_shell_words(c.text);
    ASSERT_FALSE(words) << c.text;
    EXPECT_EQ(words.error(), (Error{Fault::configuration, {c.problem}})) << c.text;
  }
}

TEST(QuoteShellWord, QuotesOnlyWhereNeeded) {
  EXPECT_EQ(quote_shell_word("--host"), "--host");
  EXPECT_EQ(quote_shell_word("a-1:8,b_2:8/x=y%+@."), "a-1:8,b_2:8/x=y%+@.");
  EXPECT_EQ(quote_shell_word(""), "''");
  EXPECT_EQ(quote_shell_word("a b"), "'a b'");
  EXPECT_EQ(quote_shell_word("^openib"), "'^openib'");
  EXPECT_EQ(quote_shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(quote_shell_word("$HOME"), "'$HOME'");
}

std::string random_word(std::mt19937& random) {
  const std::string alphabet = "ab 'Z9\"\\$`~*#;\t\n=-^!";
  std::string word;
  for (std::size_t length = random() % 12; length > 0; --length) word += alphabet[random() % alphabet.size()];
  return word;
}

TEST(QuoteShellWord, IsUndoneBySplitting) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const std::string first = random_word(random);
    const std::string second = random_word(random);
    const std::string line = quote_shell_word(first) + " " + quote_shell_word(second);
    EXPECT_EQ(split_shell_words(line).value_or(Words{}), (Words{first, second})) << line;
  }
}

// The shell itself is the reference: printf gets the words and shows each in brackets.
TEST(QuoteShellWord, IsReadBackByShAsItWas) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    std::string line = "printf '[%s]'";
    std::string expected;
    for (int i = 0; i < 20; ++i) {
      const std::string word = random_word(random);
      line += " " + quote_shell_word(word);
      expected += "[" + word + "]";
    }
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(line.c_str(), "r"), pclose);
    ASSERT_TRUE(pipe);
    std::string output;
    for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) output += static_cast<char>(c);
    EXPECT_EQ(output, expected) << line;
  }
}

}  // namespace
}  // namespace smlaunch
