#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run as people read of it afterwards: `smlaunch report` on the terminal, and the page beside the report.
source "$(dirname "$0")/lib.sh"
needs python3
mkdir -p "$scratch/run"
cd "$scratch/run"
cat >fails.py <<'END'
import os, time
if os.environ["RANK"] == "0":
    open("up", "w").close()
    time.sleep(60)
while not os.path.exists("up"):
    time.sleep(0.01)
raise ValueError("<b>no</b>")
END
printf 'print("fine")\n' >fine.py
start() { rm -f up; run "$smlaunch" --smoke off --hosts localhost:2 --report report.json --events events.jsonl "$@"; }

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
done

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

step "the run as a trace, which belongs to the trace around it"
export TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
start --trace trace.json fails.py
unset TRACEPARENT
assert_eq '["run","localhost"]' "$(jq -c '[.resourceSpans[0].scopeSpans[0].spans[].name]' trace.json)"
assert_eq '"4bf92f3577b34da6a3ce929d0e0e4736","00f067aa0ba902b7",2' \
  "$(jq -c '.resourceSpans[0].scopeSpans[0].spans[0] | .traceId, .parentSpanId, .status.code' trace.json | paste -sd,)"
began=$(jq -r '.resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano' trace.json)
((began / 1000000000 <= EPOCHSECONDS && began / 1000000000 > EPOCHSECONDS - 300)) || fail "it began at $began"

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
