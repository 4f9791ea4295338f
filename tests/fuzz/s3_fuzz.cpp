// SPDX-License-Identifier: Apache-2.0
// What AWS answers, and its files.
#include "launcher/contract/s3/aws_config_files.hpp"
#include "launcher/contract/s3/credential_answer_json.hpp"
#include "launcher/contract/s3/s3_answer.hpp"
#include "launcher/contract/s3/s3_url.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  (void)parse_aws_section(bytes, "default");
  (void)parse_credential_answer(std::string(bytes));
  (void)parse_utc_time(std::string(bytes));
  (void)parse_total_size(bytes);
  (void)parse_s3_url(bytes);
  HttpResponse response;
  response.status = 403;
  response.body = bytes;
  (void)parse_refusal(response);
}

}  // namespace smlaunch
