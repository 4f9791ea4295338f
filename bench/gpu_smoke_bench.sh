#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The all-reduce test by the real NCCL on a machine with at least one GPU; made to be kept in bench/results/. Several ranks
# on one GPU prove that everything works and judge no speed; one rank at full size shows what the buffers take; all GPUs,
# where there are several, give a bandwidth.
# usage: bench/gpu_smoke_bench.sh SMLAUNCH [FILE.json]    1 where a check did not hold
set -euo pipefail

smlaunch=$(readlink -f "$1")
file=${2:+$(readlink -f "$2")}
for tool in nvidia-smi jq; do
  command -v $tool >/dev/null || {
    echo "Not measured: there is no $tool on this machine"
    exit 0
  }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0
: >results

ask_gpus() { nvidia-smi --query-gpu="$1" --format=csv,noheader; }
used_mib() { nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | awk '{sum += $1} END {print sum}'; }
before=$(used_mib)

# smoke NAME EXPECTED OPTION...: EXPECTED is a jq filter that must hold for the answer
smoke() {
  local name=$1 expected=$2 status=0 seconds=$SECONDS kept held
  shift 2
  "$smlaunch" smoke --launcher ddp --smoke nccl --format json "$@" >answer.json 2>messages || status=$?
  [[ -s answer.json ]] || echo '{}' >answer.json
  kept=$(jq "$expected" answer.json)
  held=$(($(used_mib) - before))
  [[ $kept == true ]] || failed=1
  printf '%-34s %-5s %3d s  %s\n' "$name" "$([[ $kept == true ]] && echo ok || echo NOT)" $((SECONDS - seconds)) \
    "$(jq -r '[.verdict, .evidence, (.busbw_gbps // "-" | tostring) + " GB/s",
      ((.time_us.p50 // "-" | tostring) + " us"), (.reason // "")[:120]] | join(", ")' answer.json)"
  [[ $kept == true ]] || tail -n 5 messages
  if ((held > 64)); then echo "  $held MiB of GPU memory are still held" && failed=1; fi
  jq -c --arg name "$name" --argjson kept "$kept" --argjson exit_code $status --argjson held_mib $held \
    '{name: $name, as_expected: $kept, exit_code: $exit_code, held_mib: $held_mib, answer: .}' answer.json >>results
}

echo "$(date +%F), $(ask_gpus name,driver_version | sort | uniq -c | xargs)"
echo
echo "Ranks that share GPU 0, NCCL over sockets"
shared=(env CUDA_VISIBLE_DEVICES=0 NCCL_NET=Socket NCCL_IB_DISABLE=1 NCCL_SOCKET_IFNAME=lo NCCL_NVLS_ENABLE=0
  NCCL_MNNVL_ENABLE=0)
own=$smlaunch
printf '#!/bin/sh\nexec %s %s "$@"\n' "${shared[*]}" "$own" >shared
chmod 755 shared
smlaunch=$work/shared
functional='.verdict == "pass" and .evidence == "one-gpu functional" and .wrong_elements == 0'
for ranks in 2 4; do smoke "$ranks ranks, 8 MiB" "$functional" --hosts localhost:$ranks --smoke-bytes $((8 << 20)); done
for fault in hang corrupt double missing-library; do
  smoke "4 ranks, $fault injected" '.verdict == "fail" and [.suspects[] | [.subject, .name]] == [["rank", "2"]]' \
    --hosts localhost:4 --smoke-bytes $((1 << 20)) --smoke-timeout 40 --inject $fault:rank=2
done

smlaunch=$own
echo
echo "One rank"
free_bytes=$(($(nvidia-smi -i 0 --query-gpu=memory.free --format=csv,noheader,nounits) << 20))
for bytes in $((64 << 20)) $((1 << 30)) $((free_bytes / 10 * 4 / 8 * 8)); do
  smoke "1 rank, $((bytes >> 20)) MiB" '.verdict == "pass" and .wrong_elements == 0' \
    --hosts localhost:1 --smoke-bytes $bytes
done

gpus=$(ask_gpus uuid | wc -l)
if ((gpus > 1)); then
  echo
  echo "All $gpus GPUs"
  for bytes in $((64 << 20)) $((1 << 30)); do
    smoke "$gpus ranks, $((bytes >> 20)) MiB" '.evidence == "single-host nccl" and .wrong_elements == 0' \
      --hosts localhost:"$gpus" --smoke-bytes $bytes
  done
fi

if [[ -n $file ]]; then
  jq -s --arg date "$(date +%F)" --arg gpus "$(ask_gpus name,memory.total,driver_version)" \
    --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
    '{date: $date, gpus: ($gpus | split("\n")), cpu: $cpu, results: .}' results >"$file"
fi
exit $failed
