#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# includes.py finds each kind of include that a test file leaves to its neighbours, and nothing in a file that leaves none.
set -euo pipefail

includes=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/includes.py
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
file=tests/launcher/channel/door_test.cpp

# expect STATUS OUTPUT <TEST-FILE: what includes.py says of the tree with this file
expect() {
  local output status=0
  cat >"$tree/$file"
  output=$(python3 "$includes" "$tree") || status=$?
  if [[ $status != "$1" || $output != "$2" ]]; then
    printf 'FAILED\n  expected (%s): %s\n  got (%s): %s\n' "$1" "$2" "$status" "$output"
    failures=$((failures + 1))
  fi
}

mkdir -p "$tree/launcher/channel" "$tree/tests/launcher/channel"
cat >"$tree/launcher/channel/door.hpp" <<'END'
#include "launcher/channel/door_name.hpp"
class Doorway {};
int open_door(const Doorway& door);
END
cat >"$tree/launcher/channel/door_name.hpp" <<'END'
#include <optional>
inline constexpr const char* door_variable = "DOOR";
END

expect 0 '' <<'END'
#include "launcher/channel/door.hpp"
#include <gtest/gtest.h>
#include <thread>
// Not std::variant.
TEST(SIGTERM, Opens) {
  std::optional<Doorway> door;
  std::this_thread::yield();
  EXPECT_EQ(open_door(*door), 3) << door_variable << "std::deque";
}
END
expect 1 "$file:4: Doorway is used, and launcher/channel/door.hpp is not included
$file:4: open_door is used, and launcher/channel/door.hpp is not included" <<'END'
#include "launcher/channel/door_name.hpp"
#include <gtest/gtest.h>
TEST(Room, Opens) {
  EXPECT_EQ(open_door(Doorway()), 3) << door_variable;
}
END
expect 1 "$file:2: door_variable is used, and launcher/channel/door_name.hpp is not included" <<'END'
#include <string>
std::string name = door_variable;
END
expect 1 "$file:2: SIGTERM is used, and <csignal> is not included
$file:1: std::filesystem is used, and <filesystem> is not included
$file:2: EXPECT_EQ is used, and <gtest/gtest.h> is not included" <<'END'
const std::filesystem::path open_door = "/";
void Doorway() { EXPECT_EQ(SIGTERM, 15); }
END

((failures == 0))
