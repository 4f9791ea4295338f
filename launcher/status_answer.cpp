// SPDX-License-Identifier: Apache-2.0
#include "launcher/status_answer.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "base/json_writer.hpp"
#include "launcher/status/render_status.hpp"
#include "launcher/status/status_socket.hpp"

namespace smlaunch {

namespace {

constexpr const char* no_job = "no job of this user's runs on this host";

// As the job itself names its folders.
std::string word_of(const Options& options) {
  if (!options.operand) return "";
  std::error_code error;
  if (!std::filesystem::is_directory(*options.operand, error)) return *options.operand;
  const auto folder = std::filesystem::canonical(*options.operand, error);
  return error ? *options.operand : folder.native();
}

std::string render_jobs(const std::vector<std::string>& jobs) {
  JsonWriter json;
  json.open_object().key("jobs").open_list();
  for (const std::string& job : jobs)
    json.raw(std::string_view(job).substr(0, job.find_last_not_of('\n') + 1));
  return json.close_list().key("schema").value("smlaunch.status/1").close_object().take() + "\n";
}

}  // namespace

Result<std::string> make_status_answer(const Options& options, const PrivatePlaces& places) {
  StatusQuestion question{.stacks = options.stacks, .job = word_of(options)};
  const bool is_a_word =
      !options.operand || (!question.job.empty() && question.job.find('\n') == std::string::npos);
  const bool is_json = options.format == Format::json;
  std::vector<std::string> answers;
  if (!is_json && is_a_word) {
    answers = ask_for_status(question, places);
    if (answers.size() > 1) return fmt::format("{}{}", render_status_head(), fmt::join(answers, ""));
  }
  question.form = is_json ? StatusForm::json : StatusForm::text;
  if (is_a_word && (is_json || !answers.empty())) answers = ask_for_status(question, places);
  if (answers.empty() && options.operand)
    return failure(Fault::usage, *options.operand, "names no job of this user's that runs on this host",
                   "`smlaunch status` lists those that do");
  if (is_json) return render_jobs(answers);
  return answers.empty() ? fmt::format("{}\n", no_job) : fmt::format("{}", fmt::join(answers, ""));
}

}  // namespace smlaunch
