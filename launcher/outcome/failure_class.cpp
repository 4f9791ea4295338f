// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/failure_class.hpp"

namespace smlaunch {

std::string to_string(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::none: return "";
    case FailureClass::user_code: return "user_code";
    case FailureClass::not_ready: return "not_ready";
    case FailureClass::smoke: return "smoke";
    case FailureClass::lost_host: return "lost_host";
    case FailureClass::hang: return "hang";
    case FailureClass::configuration: return "configuration";
    case FailureClass::start: return "start";
    case FailureClass::internal: return "internal";
    case FailureClass::install_module: return "InstallModuleError";
    case FailureClass::install_requirements: return "InstallRequirementsError";
  }
  return "internal";
}

FailureClass parse_failure_class(std::string_view text) {
  for (const FailureClass each :
       {FailureClass::none, FailureClass::user_code, FailureClass::not_ready, FailureClass::smoke,
        FailureClass::lost_host, FailureClass::hang, FailureClass::configuration, FailureClass::start,
        FailureClass::install_module, FailureClass::install_requirements})
    if (to_string(each) == text) return each;
  return FailureClass::internal;
}

int exit_code_of(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::none: return 0;
    case FailureClass::not_ready: return exit_codes::not_ready;
    case FailureClass::smoke: return exit_codes::smoke;
    case FailureClass::lost_host:
    case FailureClass::hang: return exit_codes::lost;
    case FailureClass::configuration: return exit_codes::configuration;
    case FailureClass::start: return exit_codes::start;
    case FailureClass::internal: return exit_codes::internal;
    case FailureClass::user_code:
    case FailureClass::install_module:  // the toolkit's exit code, whatever pip's was
    case FailureClass::install_requirements: return 1;
  }
  return exit_codes::internal;
}

// A mistake of the user is one of configuration, wherever it was made.
FailureClass failure_class_of(Fault fault) {
  switch (fault) {
    case Fault::usage:
    case Fault::configuration: return FailureClass::configuration;
    case Fault::start: return FailureClass::start;
    case Fault::internal: return FailureClass::internal;
    case Fault::not_ready: return FailureClass::not_ready;
  }
  return FailureClass::internal;
}

}  // namespace smlaunch
