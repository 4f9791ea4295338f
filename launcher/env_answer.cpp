// SPDX-License-Identifier: Apache-2.0
#include "launcher/env_answer.hpp"

#include <algorithm>

#include "base/json_writer.hpp"
#include "base/unicode.hpp"
#include "launcher/contract/training_env.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

std::string render_json(const Environment& environment, const LauncherChoice& launcher) {
  const Paths& paths = environment.paths;
  JsonWriter json;
  json.open_object();
  json.key("arguments").list(environment.entry_point.arguments);
  json.key("entry_point").open_object();
  json.key("arguments").list(environment.entry_point.arguments);
  json.key("kind").value(to_string(environment.entry_point.kind));
  json.key("name").value(environment.entry_point.name);
  json.key("working_directory").value(environment.entry_point.working_directory.string()).close_object();
  json.key("environment").open_object();
  for (const auto& [name, value] : sm_variables(environment)) json.key(name).value(value);
  json.close_object();
  json.key("is_leader").value(environment.is_leader);
  json.key("launcher").value(to_string(launcher.kind));
  json.key("leader").value(environment.leader);
  json.key("paths").open_object();
  json.key("base").value(paths.base.string());
  json.key("code").value(paths.code.string());
  json.key("failure").value(paths.failure.string());
  json.key("input").value(paths.input.string());
  json.key("input_config").value(paths.input_config.string());
  json.key("input_data").value(paths.input_data.string());
  json.key("model").value(paths.model.string());
  json.key("output").value(paths.output.string());
  json.key("output_data").value(paths.output_data.string());
  json.key("output_intermediate").value(paths.output_intermediate.string());
  json.key("success").value(paths.success.string()).close_object();
  const auto s3_output = text_parameter(environment, "sagemaker_s3_output");
  json.key("s3_output");
  if (s3_output)
    json.value(*s3_output);
  else
    json.null();
  json.key("schema").value("smlaunch.env/1");
  json.key("training_env").raw(training_env_json(environment)).close_object();
  return json.take() + "\n";
}

bool is_shell_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

}  // namespace

EnvAnswer render_env(const Environment& environment, const LauncherChoice& launcher, Format format) {
  if (format == Format::json) return {render_json(environment, launcher), {}};
  EnvAnswer answer;
  for (const auto& [name, value] : sm_variables(environment)) {
    if (format != Format::shell)
      answer.text += name + "=" + value + "\n";
    else if (is_shell_name(name))
      answer.text += "export " + name + "=" + quote_shell_word(value) + "\n";
    else
      answer.left_out.push_back(name);
  }
  return answer;
}

std::string render_left_out(const EnvAnswer& answer) {
  std::string names;
  for (const std::string& name : answer.left_out)
    names += (names.empty() ? "" : ", ") + python_json_dumps({repair_utf8(name)});
  return names.empty() ? "" : "left out, for no shell has a variable of such a name: " + names;
}

}  // namespace smlaunch
