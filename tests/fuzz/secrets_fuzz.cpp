// SPDX-License-Identifier: Apache-2.0
// Values and arguments in which secrets are looked for.
#include "launcher/plan/redaction.hpp"
#include "launcher/plan/secret_text.hpp"
#include "launcher/plan/token_forms.hpp"
#include "launcher/plan/url_secrets.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  std::size_t end = 0;
  for (const TextPart& part : find_secrets_in_text(bytes)) {
    must(part.begin >= end && part.begin < part.end && part.end <= bytes.size());
    end = part.end;
  }
  end = 0;
  for (const TextPart& part : find_token_forms(bytes)) {
    must(part.begin >= end && part.begin < part.end && part.end <= bytes.size());
    end = part.end;
  }
  (void)find_secrets_in_urls(bytes);
  const std::vector<std::string> words = lines_of(bytes);
  const Variables variables = {{"SM_HP_X", std::string(bytes)}};
  const Redactor redactor(variables, words);
  (void)redactor.text(std::string(bytes));
  const std::vector<std::string> shown = redactor.arguments(words);
  for (const std::size_t at : find_secret_arguments(variables, words)) must(shown[at] != words[at]);
}

}  // namespace smlaunch
