# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Times two commands in turn, so that what else the machine does meets both alike.

command_a=()
command_b=()

# record MEASURE UNIT WHO VALUE...: one line of JSON for bench/pack_results, where $BENCH_RECORDS names a file. The values
# stand in the order in which they were measured: what ran in turn is compared in turn. Less is better, but in a unit that
# ends in /s. No argument may hold a quote or a backslash.
record() {
  [[ -n ${BENCH_RECORDS:-} ]] || return 0
  local measure=$1 unit=$2 who=$3 IFS=,
  shift 3
  printf '{"measure":"%s","unit":"%s","who":"%s","values":[%s]}\n' "$measure" "$unit" "$who" "$*" >>"$BENCH_RECORDS"
}

# record_budget MEASURE value|difference|ratio MOST: of smlaunch's median, of what it is beyond the first other, or of the
# two's ratio
record_budget() {
  [[ -n ${BENCH_RECORDS:-} ]] || return 0
  printf '{"measure":"%s","budget":{"of":"%s","most":%s}}\n' "$1" "$2" "$3" >>"$BENCH_RECORDS"
}

# What compare measures of a command: milliseconds, or cpu_milliseconds.
meter=milliseconds

# compare RUNS NAME_A NAME_B MEASURE: runs the arrays command_a and command_b in turn; prints median and quartiles of each
# in milliseconds, their ratio, and the median difference in `difference_ms`.
compare() {
  local runs=$1 name_a=$2 name_b=$3 i a=() b=()
  compared=$4
  "${command_a[@]}" >/dev/null 2>&1 || fail_with_output "${command_a[@]}"
  "${command_b[@]}" >/dev/null 2>&1 || fail_with_output "${command_b[@]}"
  for ((i = 0; i < runs; i++)); do
    a+=("$("$meter" "${command_a[@]}")")
    b+=("$("$meter" "${command_b[@]}")")
  done
  record "$compared" ms "$name_a" "${a[@]}"
  record "$compared" ms "$name_b" "${b[@]}"
  quartiles_of "${a[@]}"
  local median_a=$median
  printf '%-28s %9.2f ms  (quartiles %.2f to %.2f)\n' "$name_a" "$median" "$lower" "$upper"
  quartiles_of "${b[@]}"
  printf '%-28s %9.2f ms  (quartiles %.2f to %.2f)\n' "$name_b" "$median" "$lower" "$upper"
  difference_ms=$(awk "BEGIN {printf \"%.2f\", $median - $median_a}")
  awk "BEGIN {printf \"%-28s %9.2f times, %+.2f ms\n\", \"$name_b / $name_a\", $median / $median_a, $median - $median_a}"
}

fail_with_output() {
  echo "bench: failed: $*" >&2
  "$@" >&2 || :
  exit 1
}

milliseconds() {
  local begin=$EPOCHREALTIME end
  "$@" >/dev/null 2>&1 </dev/null
  end=$EPOCHREALTIME
  local micros=$((${end/./} - ${begin/./}))
  printf '%d.%03d' $((micros / 1000)) $((micros % 1000))
}

# The processor time of the command and of all that it has waited for. The kernel tells thousandths of a second: so it is
# that of ten runs.
cpu_milliseconds() {
  local TIMEFORMAT='%3U %3S' user system i
  read -r user system < <({ time for ((i = 0; i < 10; i++)); do "$@" >/dev/null 2>&1 </dev/null; done; } 2>&1)
  awk "BEGIN {printf \"%.1f\", ($user + $system) * 100}"
}

quartiles_of() {
  local sorted
  mapfile -t sorted < <(printf '%s\n' "$@" | sort -n)
  local n=${#sorted[@]}
  lower=${sorted[n / 4]}
  median=${sorted[n / 2]}
  upper=${sorted[3 * n / 4]}
}

# kept NAME BUDGET_MS: says whether the difference of what was compared last is within it
kept() {
  record_budget "$compared" difference "$2"
  awk "BEGIN {printf \"budget: %s at most %s ms: %s\n\", \"$1\", $2, $difference_ms <= $2 ? \"kept\" : \"EXCEEDED\"}"
}
