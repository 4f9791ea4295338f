// SPDX-License-Identifier: Apache-2.0
// What looks like a secret is not shown: in a plan, a log, a report.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

inline constexpr std::string_view redacted = "<redacted>";

// One of its words (parted by '_', '-', '.' or a change of case) holds PASSWORD, or is SECRET, PASSWD, PWD
// (but for the shell's own variable), TOKEN, CREDENTIAL(S), APIKEY, PRIVATE, BEARER, AUTHORIZATION, or KEY
// after ACCESS, API, SECRET, PRIVATE, AUTH, SSH, or as the last of several words; or its last word is AUTH or
// PASS. max_tokens and tokenizer are none.
bool looks_secret(std::string_view variable);

// In which of these words a Redactor of `variables` and of them hides something; ascending.
std::vector<std::size_t> find_secret_arguments(const Variables& variables,
                                               const std::vector<std::string>& command);

// Shows values without the secrets among `variables` and `arguments`: a variable with such a name is hidden
// whole, as is what follows such an option (--api-key VALUE, --api-key=VALUE, -mca NAME VALUE) or such a name
// (MY_TOKEN=VALUE), what JSON, in a variable, an argument or another JSON's text, has under such a key, be it
// a list or a dict, and what find_secrets_in_text() finds; where the value (of six characters or more) stands inside another value
// or an argument, as it is or as JSON writes it, it is hidden there.
class Redactor {
 public:
  explicit Redactor(const Variables& variables, const std::vector<std::string>& arguments = {});
  [[nodiscard]] std::string variable(const std::string& name, const std::string& value) const;
  [[nodiscard]] std::string text(std::string value) const;
  [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& command) const;

 private:
  void add_secret(const std::string& value);
  void add_secrets_within(const std::string& value);
  std::vector<std::string> secrets_;
  mutable std::map<std::string, bool>
      secret_names_;  // what looks_secret() has said: names come again for every host
};

}  // namespace smlaunch
