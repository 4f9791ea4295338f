#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run as people read of it afterwards: `smlaunch report` on the terminal, and the page beside the report.
source "$(dirname "$0")/lib.sh"
needs python3
mkdir -p "$scratch/run"
cd "$scratch/run"
printf 'import os, time\nif os.environ["RANK"] == "1": raise ValueError("<b>no</b>")\ntime.sleep(60)\n' >fails.py
printf 'print("fine")\n' >fine.py
start() { run "$smlaunch" --smoke off --hosts localhost:2 --report report.json --events events.jsonl "$@"; }

step "after a failure the page stands beside the report"
start fails.py
assert_eq 1 "$status"
[[ -s report.html ]] || fail "no page"
assert_contains "$(<report.html)" "ValueError: &lt;b&gt;no&lt;/b&gt;"
[[ $(<report.html) != *"<b>no"* ]] || fail "a rank's text is HTML"

step "the terminal has the sentence, the lines and when it was"
for where in "" . report.json; do
  # shellcheck disable=SC2086
  run "$smlaunch" report $where --base-dir "$scratch/run"
  assert_eq 0 "$status"
  assert_contains "$out" "failure (user_code), exit code 1"
  assert_contains "$out" $'first failure\n  rank 1 on localhost exited with code 1'
  assert_contains "$out" "ValueError: <b>no</b>"
  assert_contains "$out" "was killed by signal 15 (smlaunch stopped it)"
  assert_contains "$out" "first_output"
done 2>/dev/null

step "the page anywhere, and never or always"
run "$smlaunch" report --html "$scratch/page.html" report.json
assert_eq 0 "$status"
assert_contains "$(<"$scratch/page.html")" "exited with code 1"
rm report.html
start --html-report never fails.py
[[ ! -e report.html ]] || fail "a page was written"
start --html-report always fine.py
assert_eq 0 "$status"
assert_contains "$(<report.html)" "every rank ended with 0"

step "what is no report is said"
echo '{}' >other.json
for place in other.json missing.json /dev/zero "$scratch"; do
  run "$smlaunch" report "$place"
  assert_eq 78 "$status"
  assert_contains "$err" "$place"
done
run "$smlaunch" report a b
assert_eq 64 "$status"
run "$smlaunch" --html x fine.py
assert_eq 64 "$status"
assert_contains "$err" "--html goes only with report"
