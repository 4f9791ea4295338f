// SPDX-License-Identifier: Apache-2.0
// Where a container asks for its keys (botocore's ContainerProvider).
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI at 169.254.170.2, else AWS_CONTAINER_CREDENTIALS_FULL_URI; empty
// where neither is set. The error says why a full URI is not asked: its keys would cross a network that
// anyone may read, so it must be https, or this machine's own (loopback, or the addresses of ECS and EKS).
tl::expected<std::string, std::string> container_endpoint(const Variables& variables);

}  // namespace smlaunch
