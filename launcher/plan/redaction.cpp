// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/redaction.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "launcher/contract/python_value.hpp"
#include "launcher/plan/secret_text.hpp"

namespace smlaunch {

namespace {

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (c == '_' || c == '-' || c == '.') {
      words.emplace_back();
      continue;
    }
    const bool camel_hump =
        std::isupper(c) != 0 && i > 0 && std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
    if (camel_hump) words.emplace_back();
    words.back() += static_cast<char>(std::toupper(c));
  }
  std::erase(words, std::string());
  return words;
}

// Each name that looks_secret() has one of these in it. Most names have none, and need not be taken apart.
bool may_look_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 9> signs = {"SECRET",  "PASS", "TOKEN", "CRED",  "KEY",
                                                            "PRIVATE", "PWD",  "AUTH",  "BEARER"};
  const auto is_same = [](char c, char upper) {
    return c == upper || (c >= 'a' && c <= 'z' && c - 'a' + 'A' == upper);
  };
  return std::any_of(signs.begin(), signs.end(), [&](std::string_view sign) {
    return std::search(name.begin(), name.end(), sign.begin(), sign.end(), is_same) != name.end();
  });
}

template <std::size_t N>
bool among(const std::string& word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Is what stands before `end` a variable's name?
bool is_name(const std::string& text, std::size_t end) {
  return end > 0 && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

// Where the secret begins in an argument, if it is one: behind --api-key=, or all that follows --api-key or
// -mca NAME.
std::size_t secret_in_argument(const std::vector<std::string>& arguments, std::size_t i) {
  const std::string& argument = arguments[i];
  if (const std::size_t equals = argument.find('='); argument.starts_with('-') && equals != std::string::npos)
    return equals + 1 < argument.size() && looks_secret(argument.substr(0, equals)) ? equals + 1
                                                                                    : std::string::npos;
  if (const std::size_t equals = argument.find('='); equals != std::string::npos && is_name(argument, equals))
    return equals + 1 < argument.size() && looks_secret(argument.substr(0, equals)) ? equals + 1
                                                                                    : std::string::npos;
  const bool is_parameter = i > 1 && arguments[i - 2].starts_with('-') && is_mca_option(arguments[i - 2]);
  const bool named = i > 0 && (is_parameter || arguments[i - 1].starts_with('-')) &&
                     arguments[i - 1].find('=') == std::string::npos && looks_secret(arguments[i - 1]);
  return named && !argument.empty() && !is_option(argument) ? 0 : std::string::npos;
}

// Parsing it is dear, and most of it, lists of a thousand hosts, has no secret.
bool may_be_json_with_secrets(const std::string& text) {
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  static constexpr std::array<std::string_view, 10> signs = {"SECRET", "PASS",    "TOKEN", "CRED", "APIKEY",
                                                             "KEY",    "PRIVATE", "PWD",   "AUTH", "BEARER"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return upper.find(sign) != std::string::npos; });
}

// A switch (use_auth_token: true), a fraction and what is empty tell nothing.
bool is_secret_value(const PyValue& value) {
  if (const std::string* text = value.string(); text != nullptr) return !text->empty();
  if (const PyDict* dict = value.dict(); dict != nullptr) return !dict->empty();
  if (const PyList* list = value.list(); list != nullptr) return !list->empty();
  return std::holds_alternative<PyInt>(value.data);
}

std::string without(std::string text, const std::vector<TextPart>& parts) {
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    text.replace(part->begin, part->end - part->begin, redacted);
  return text;
}

// Hides what a dict's key or an option before it in a list calls secret; what was hidden goes to `found`.
void hide(PyValue& value, std::vector<std::string>& found, int depth = 0) {
  // A hyperparameter is JSON in itself, and stands in SM_HPS, which stands in SM_TRAINING_ENV.
  constexpr int most_texts_in_texts = 4;
  if (const std::string* text = value.string(); text != nullptr) {
    if (depth < most_texts_in_texts && may_be_json_with_secrets(*text))
      if (auto inner = parse_python_json(*text)) {
        const std::size_t before = found.size();
        hide(*inner, found, depth + 1);
        if (found.size() > before) value.data = python_json_dumps(*inner);
      }
    // A key of several lines, say, which JSON has in one.
    const std::string plain = *text;
    const std::vector<TextPart> parts = find_secrets_in_text(plain);
    for (const TextPart& part : parts) found.push_back(plain.substr(part.begin, part.end - part.begin));
    if (!parts.empty()) value.data = without(plain, parts);
    return;
  }
  if (auto* dict = std::get_if<PyDict>(&value.data)) {
    for (auto& [key, each] : *dict) {
      if (looks_secret(key) && is_secret_value(each)) {
        // Its own parts may stand elsewhere, too. But not all of them are secrets: a region is not.
        const bool has_parts = each.dict() != nullptr || each.list() != nullptr;
        found.push_back(has_parts ? python_json_dumps(each) : python_str(each));
        if (has_parts) hide(each, found, depth);
        each.data = std::string(redacted);
      } else {
        hide(each, found, depth);
      }
    }
  }
  auto* list = std::get_if<PyList>(&value.data);
  if (list == nullptr) return;
  std::vector<std::string> arguments;
  for (const PyValue& each : *list) arguments.push_back(each.string() == nullptr ? "" : *each.string());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::size_t at = secret_in_argument(arguments, i);
    if (at == std::string::npos) {
      hide((*list)[i], found, depth);
      continue;
    }
    found.push_back(arguments[i].substr(at));
    (*list)[i].data = arguments[i].substr(0, at) + std::string(redacted);
  }
}

// The secrets that JSON names as such; `shown`: the text without them.
std::vector<std::string> secrets_in_json(const std::string& text, std::string& shown) {
  std::vector<std::string> found;
  if (!may_be_json_with_secrets(text)) return found;
  auto value = parse_python_json(text);
  if (!value) return found;
  hide(*value, found);
  if (!found.empty()) shown = python_json_dumps(*value);
  return found;
}

// Shorter ones stand in too many places by chance.
constexpr std::size_t shortest_searched_secret = 6;

}  // namespace

bool looks_secret(std::string_view variable) {
  if (!may_look_secret(variable)) return false;
  static constexpr std::array<std::string_view, 13> secret = {
      "SECRET",     "SECRETS", "PASSWORD",    "PASSWD",  "PASSPHRASE", "TOKEN",        "CREDS",
      "CREDENTIAL", "APIKEY",  "CREDENTIALS", "PRIVATE", "BEARER",     "AUTHORIZATION"};
  static constexpr std::array<std::string_view, 6> before_key = {"ACCESS",  "API",  "SECRET",
                                                                 "PRIVATE", "AUTH", "SSH"};
  const std::vector<std::string> words = words_of(variable);
  if (words.size() == 1 && words.front() == "PWD") return variable != "PWD";  // the shell's working directory
  if (!words.empty() && (words.back() == "AUTH" || words.back() == "PASS")) return true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (among(words[i], secret) || words[i].find("PASSWORD") != std::string::npos) return true;
    if (words[i] == "PWD") return true;
    if (words[i] != "KEY" || i == 0) continue;
    if (i + 1 == words.size() || among(words[i - 1], before_key)) return true;
  }
  return false;
}

std::vector<std::size_t> find_secret_arguments(const Variables& variables,
                                               const std::vector<std::string>& command) {
  const Redactor redactor(variables, command);
  const std::vector<std::string> shown = redactor.arguments(command);
  std::vector<std::size_t> secret;
  for (std::size_t i = 0; i < command.size(); ++i)
    if (shown[i] != command[i]) secret.push_back(i);
  return secret;
}

Redactor::Redactor(const Variables& variables, const std::vector<std::string>& arguments) {
  for (const auto& [name, value] : variables)
    if (looks_secret(name))
      add_secret(value);
    else
      add_secrets_within(value);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::size_t at = secret_in_argument(arguments, i);
    if (at != std::string::npos)
      add_secret(arguments[i].substr(at));
    else
      add_secrets_within(arguments[i]);
  }
  // The longest first, so that a secret that holds another is hidden whole.
  std::sort(secrets_.begin(), secrets_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
}

void Redactor::add_secrets_within(const std::string& value) {
  std::string shown;
  for (const std::string& secret : secrets_in_json(value, shown)) add_secret(secret);
  for (const TextPart& part : find_secrets_in_text(value))
    add_secret(value.substr(part.begin, part.end - part.begin));
}

void Redactor::add_secret(const std::string& value) {
  if (value.size() < shortest_searched_secret) return;
  secrets_.push_back(value);
  // SM_HPS, SM_USER_ARGS and SM_TRAINING_ENV hold it escaped, and without its quotes.
  const std::string json = python_json_dumps({value});
  if (std::string inside = json.substr(1, json.size() - 2); inside != value)
    secrets_.push_back(std::move(inside));
}

std::string Redactor::variable(const std::string& name, const std::string& value) const {
  auto known = secret_names_.find(name);
  if (known == secret_names_.end()) known = secret_names_.emplace(name, looks_secret(name)).first;
  if (known->second && !value.empty()) return std::string(redacted);
  return text(value);
}

std::string Redactor::text(std::string value) const {
  secrets_in_json(value, value);
  value = without(value, find_secrets_in_text(value));
  for (const std::string& secret : secrets_)
    for (std::size_t at = value.find(secret); at != std::string::npos;
         at = value.find(secret, at + redacted.size()))
      value.replace(at, secret.size(), redacted);
  return value;
}

std::vector<std::string> Redactor::arguments(const std::vector<std::string>& command) const {
  std::vector<std::string> shown;
  shown.reserve(command.size());
  for (std::size_t i = 0; i < command.size(); ++i) {
    const std::size_t at = secret_in_argument(command, i);
    shown.push_back(at == std::string::npos ? text(command[i])
                                            : command[i].substr(0, at) + std::string(redacted));
  }
  return shown;
}

}  // namespace smlaunch
