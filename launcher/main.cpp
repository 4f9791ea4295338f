// SPDX-License-Identifier: Apache-2.0
#include "launcher/launch.hpp"

int main(int argc, char** argv) { return smlaunch::run_smlaunch({argv + 1, argv + argc}); }
