#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The all-reduce test on GPUs, with the tests' own GPU and NCCL: what fails is named, in NCCL's words; nothing of it is
# left when the job starts; and nobody can take it for the real thing.
source "$(dirname "$0")/lib.sh"

fakes=$programs/fake_gpu.d
[[ -e $fakes/libnccl.so.2 ]] || skip "the tests' own NCCL is not built"

cd "$scratch"

smoke() { # OPTION...
  run LD_LIBRARY_PATH="$fakes" SMLAUNCH_TEST_DOUBLES=1 FAKE_NCCL="${fault:-}" FAKE_GPUS="${gpus:-8}" \
    "$smlaunch" smoke --hosts localhost:4 --launcher ddp --smoke nccl --smoke-bytes 1000000 --format json "$@"
}
answer() { jq -c "$1" <<<"$out"; }
guilty() { answer '[.verdict, [.suspects[] | [.subject, .name]]]'; }
fault='' gpus=8

step "a pass, and that it was none of NCCL's"
smoke
assert_eq 0 "$status"
assert_eq '["pass","nccl","imitation; NCCL NOT RUN",4,1,0,[]]' \
  "$(answer '[.verdict, .backend, .evidence, .ranks, .hosts, .wrong_elements, .suspects]')"
assert_eq '["2.28.9 (a test'\''s imitation of NCCL)",40]' "$(answer '[.nccl.version, (.nccl.build_id | length)]')"
assert_eq '[]' "$(answer '[.stages[].missing_ranks[]]')"
assert_nothing_left

step "outside of a test it is refused"
run LD_LIBRARY_PATH="$fakes" "$smlaunch" smoke --hosts localhost:2 --launcher ddp --smoke nccl --format json
assert_eq 75 "$status"
assert_contains "$(answer .reason)" "is a test's imitation of NCCL"

step "an injected fault names its rank"
for each in hang corrupt double missing-library; do
  smoke --smoke-timeout 3 --inject $each:rank=2
  assert_eq 75 "$status"
  assert_eq '["fail",[["rank","2"]]]' "$(guilty)"
  assert_eq "\"$each:rank=2\"" "$(answer .injected)"
done
assert_nothing_left

step "a contribution that is lost on its way is told by the sums"
fault=drop:rank=1 smoke
assert_eq 75 "$status"
assert_eq '["fail",[["rank","1"]]]' "$(guilty)"
assert_contains "$(answer '.suspects[0].evidence')" "its contribution is missing in elements 0 to 124999, as 4 of 4 ranks saw"

step "what one rank alone gets wrong is that rank's"
fault=corrupt_received:rank=3 smoke
assert_eq '["fail",[["rank","3"]]]' "$(guilty)"

step "who fails is named, not who hears of it, with NCCL's own words"
fault=fail:rank=1 smoke
assert_eq 75 "$status"
assert_eq '["fail",[["rank","1"]]]' "$(guilty)"
assert_contains "$(answer .reason)" \
  'rank 1 (localhost) never reached \"warm-up\": the all-reduce: unhandled system error: NET/Fake : the cable was pulled'
fault=fail_init:rank=0 smoke
assert_contains "$(answer .reason)" "ncclCommInitRankConfig: unhandled system error: Call to connect failed"

step "where all ranks wait for ever, nobody is accused"
fault=hang_init smoke --smoke-timeout 2
assert_eq 75 "$status"
assert_eq '["fail",[]]' "$(guilty)"
assert_contains "$(answer .reason)" 'no rank reached \"communicator ready\" within 2 s'
assert_nothing_left

step "a rank whose collectives hang, or change what it sends, is found by pairs"
fault=hang:rank=2 smoke --smoke-timeout 3
assert_eq 75 "$status"
assert_eq '["fail",[["rank","2"]]]' "$(guilty)"
assert_contains "$(answer '.suspects[0].evidence')" "on localhost: fails with rank "
fault=corrupt_sent:rank=0 smoke
assert_eq '["fail",[["rank","0"]]]' "$(guilty)"
assert_nothing_left

step "an NCCL that cannot give up is killed"
fault="hang:rank=2;stuck_abort:rank=2" smoke --smoke-timeout 2
assert_eq 75 "$status"
assert_nothing_left

step "a rank with another NCCL is found before the first call"
fault=version=22005:rank=3 smoke
assert_eq '["fail",[["rank","3"]]]' "$(guilty)"
assert_eq '"id received"' "$(answer '[.stages[] | select(.missing_ranks != [])][0].name')"

step "a library that is named is the one; that does not exist is told"
smoke --nccl-lib "$fakes/libnccl.so.2"
assert_eq 0 "$status"
smoke --nccl-lib "$scratch/libnccl.so.2"
assert_eq 75 "$status"
assert_contains "$(answer .reason)" "$scratch/libnccl.so.2: cannot open shared object file: No such file or directory"

step "before a job: nothing of it is left when the entry point starts"
cat >"$scratch/look" <<'END2'
#!/bin/bash
for pid in $(grep -lszx "TEST_OF_SMLAUNCH=$TEST_OF_SMLAUNCH" /proc/[0-9]*/environ | cut -d/ -f3); do
  [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") != *nccl-check* ]] || echo "left: $pid"
done
echo "rank $RANK runs"
END2
chmod 755 "$scratch/look"
run LD_LIBRARY_PATH="$fakes" SMLAUNCH_TEST_DOUBLES=1 "$smlaunch" --hosts localhost:2 --launcher ddp --smoke nccl \
  --smoke-bytes 1000000 --report "$scratch/report.json" -- "$scratch/look"
assert_eq 0 "$status"
assert_eq $'[0 localhost] rank 0 runs\n[1 localhost] rank 1 runs' "$(sort <<<"$out")"
assert_eq '["pass","imitation; NCCL NOT RUN"]' "$(jq -c '[.smoke.verdict, .smoke.evidence]' "$scratch/report.json")"
assert_nothing_left

step "a job whose test fails does not start"
run LD_LIBRARY_PATH="$fakes" SMLAUNCH_TEST_DOUBLES=1 "$smlaunch" --hosts localhost:2 --launcher ddp --smoke nccl \
  --smoke-bytes 1000000 --inject corrupt:rank=1 -- "$scratch/look"
assert_eq 75 "$status"
assert_eq '' "$out"
assert_nothing_left
