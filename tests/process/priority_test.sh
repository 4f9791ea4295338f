#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Agents go before ranks, and ranks run as if nobody stood between them and smlaunch.
source "$(dirname "$0")/lib.sh"
container
cat >"$base/code/show.py" <<'END'
import os
def of(pid):
    return os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK, os.getpriority(os.PRIO_PROCESS, pid)
print("rank", of(0), "agent", of(os.getppid()))
END
show() { # NICE
  run env SAGEMAKER_PROGRAM=show.py nice -n "$1" "$smlaunch" -q
  assert_eq 0 "$status"
  [[ $out =~ ^rank\ \((.*),\ (.*)\)\ agent\ \((.*),\ (.*)\)$ ]] || fail "$out"
  rank="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}" agent="${BASH_REMATCH[3]} ${BASH_REMATCH[4]}"
}

step "a rank has the policy and the niceness that smlaunch was started with"
for nice in 0 7; do
  show "$nice"
  assert_eq "0 $nice" "$rank"
done

step "its agent goes first"
((EUID == 0)) || skip "only root may go first"
[[ $agent == "2 "* || $agent == *" -3" ]] || fail "policy and niceness of the agent: $agent"
