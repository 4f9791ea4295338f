// SPDX-License-Identifier: Apache-2.0
// The commands that answer on stdout: what each reads and asks, and what it prints. All return smlaunch's exit code.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/job/facts.hpp"
#include "launcher/job/find_job_hosts.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// An answer that cannot be written whole is no answer, and ends with 70.
int answer(const std::string& text);

// A job whose hosts cannot be read has no folder of its own.
BaseFolder find_jobs_folder(const Options& options, const Variables& variables,
                            const Result<JobHosts>& hosts);

int show_topology(const Options& options);
int show_env(const Options& options, const Variables& variables);
int show_plan(const Options& options, const Variables& variables, const Result<JobHosts>& hosts);
int show_ready(const Options& options, const Variables& variables);
int show_smoke(const Options& given, const Variables& variables);
int show_report(const Options& options, const Variables& variables);
int show_status(const Options& options);
int show_doctor(const Options& options, const Variables& variables);

}  // namespace smlaunch
