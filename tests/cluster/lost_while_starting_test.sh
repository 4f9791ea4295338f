#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host that is lost after it was ready, and before the ranks run, is named: by then mpirun only says that it
# has failed, or waits.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
program <<'END_OF_PROGRAM'
#!/bin/sh
echo never
END_OF_PROGRAM

# mpirun's daemon starts on algo-3 when /tmp/held is gone. For its options, by which we look whether it runs at all, it is
# asked before.
daemon=$(command -v orted || command -v prted)
cat >"$scratch/held" <<END
#!/bin/sh
[ "\$1" != --help ] || exec $daemon.real --help
echo asked >/tmp/asked
while [ -e /tmp/held ]; do sleep 0.1; done
exec $daemon.real "\$@"
END
chmod +x "$scratch/held"
host algo-3 cp "$daemon" "$daemon.real"
host algo-3 rm "$daemon"
"$cluster" put algo-3 "$scratch/held" "$daemon"

lost() { # FAULT CAUSE
  step "$1 while mpirun's daemon starts"
  host algo-3 sh -c 'touch /tmp/held; rm -f /tmp/asked'
  start algo-1 "$smlaunch"
  eventually 20 host algo-3 test -e /tmp/asked
  "$cluster" "$1" algo-3
  over 76 failure 20 algo-1
  assert_contains "$err" "the job could not be started: algo-3 was lost: $2"
  assert_eq '["failure","lost_host",76]' "$(report '[.outcome, .class, .exit_code]')"
  assert_eq '' "$out"
  assert_nothing_left algo-1 algo-2
}

lost freeze "no SSH banner"
"$cluster" thaw algo-3
host algo-3 rm /tmp/held
assert_no_process_left algo-3 '(^| )SMLAUNCH_JOB=|^[^ ]*(smlaunch|orted|prted) ' 15
lost cut "TCP"
"$cluster" mend algo-3
host algo-3 rm /tmp/held

step "all mended: it runs"
assert_no_process_left algo-3 '(^| )SMLAUNCH_JOB=|^[^ ]*(smlaunch|orted|prted) ' 15
run 30 host algo-1 "$smlaunch"
assert_eq 0 "$status"
assert_eq 3 "$(grep -c never <<<"$out")"
