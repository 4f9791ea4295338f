#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where the user's code comes from, and what no archive may do.
source "$(dirname "$0")/lib.sh"
needs python3
archives=$scratch/archives
python3 "$(dirname "$0")/../programs/make_archives.py" "$archives"
submit() { hyperparameters "{\"sagemaker_program\": \"train.py\", \"sagemaker_submit_directory\": \"$1\"}"; }
# All that there is in the code folder and beside it, with modes; symbolic links with their targets.
code() {
  (cd "$base" && find . \( -path ./code -o -path './code/*' -o -name '.smlaunch*' \) -printf '%m %y %P %l\n') |
    sed 's/ $//' | sort -k3
}
# The words behind "smlaunch: ", without the two sentences before them.
words() { sed '/^smlaunch: Reporting/d; s/^smlaunch: //' <<<"$err"; }
program='print("the program runs", flush=True)'

step "sound archives, whatever packs them"
for name in plain.tar.gz plain.tar plain.tar.bz2 plain.tar.xz without_a_name padded.tar.gz; do
  container
  submit "$archives/$name"
  run "$smlaunch"
  assert_success
  assert_eq "the program runs" "$out"
  assert_contains "$err" "smlaunch: code from $archives/$name is in $base/code"
done
if command -v zstd >/dev/null; then
  container
  zstd -q "$archives/plain.tar" -o "$archives/plain.tar.zst"
  submit "$archives/plain.tar.zst"
  run "$smlaunch"
  assert_success
fi
container
rmdir "$base/code"
submit "$archives/plain.tar.gz"
run "$smlaunch"
assert_success
assert_eq '755 d code
755 d code/pkg
644 f code/pkg/mod.py
644 f code/train.py' "$(code)"
assert_report '[.phases[].name] | index("code")' 0

step "names, links, modes and owners as they may be"
container
submit "$archives/names.tar.gz"
run "$smlaunch"
assert_success
[[ -s $base/code/$(printf 'a%.0s' {1..120})/$(printf 'b%.0s' {1..200}) && -s $base/code/café/中.py ]] || fail "$(code)"
container
submit "$archives/links_inside.tar.gz"
run "$smlaunch"
assert_success
assert_eq '755 d code
755 d code/d
644 f code/d/file
777 l code/d/up ../train.py
777 l code/dangling d/absent
644 f code/hard
644 f code/train.py' "$(code)"
assert_eq "$(stat -c %i "$base/code/d/file")" "$(stat -c %i "$base/code/hard")"
container
submit "$archives/modes.tar.gz"
run "$smlaunch"
assert_success
assert_eq '755 d code
600 f code/closed
755 f code/setuid
755 d code/sticky
644 f code/train.py' "$(code)"
container
submit "$archives/other_owner.tar.gz"
run "$smlaunch"
assert_eq "$(id -u)" "$(stat -c %u "$base/code/owned")"
container
submit "$archives/twice.tar.gz"
run "$smlaunch"
assert_eq last "$(<"$base/code/file")"

step "what leads out of the folder is renamed or left out, each with a warning, and the job runs"
while IFS='|' read -r name what there; do
  container
  submit "$archives/$name"
  run "$smlaunch"
  assert_success
  grep -qxF "smlaunch: algo-1: $archives/$name: $what" <<<"$err" || fail "$err"
  assert_eq "$there" "$(code | sed -e 's/^[0-7]* //' -e '/^d code$/d' -e '/ code\/train.py$/d' | paste -sd ,)"
  [[ ! -e /tmp/out && ! -e $base/out && ! -e $scratch/out.py ]] || fail "something was written outside"
done <<'END'
dotdot.tar.gz|../out leads out of the folder: it is unpacked as out|f code/out
dotdot_inside.tar.gz|d/../../out leads out of the folder: it is unpacked as d/out|d code/d,f code/d/out
absolute.tar.gz|/tmp/out leads out of the folder: it is unpacked as tmp/out|d code/tmp,f code/tmp/out
backslash.tar.gz|pkg\mod.py is unpacked as pkg/mod.py|d code/pkg,f code/pkg/mod.py
symlink_absolute.tar.gz|passwd is a symbolic link to /etc/passwd, out of the folder: it is left out|
symlink_up.tar.gz|d/up is a symbolic link to ../../out, out of the folder: it is left out|
symlink_by_symlink.tar.gz|two is a symbolic link to one/../../out, out of the folder: it is left out|d code/d,l code/d/e ..,l code/one d/e
symlink_by_later.tar.gz|far is a symbolic link that leads out of the folder: it is left out|d code/p,l code/p/q .
hardlink_out.tar.gz|shadow is a hard link to ../shadow, out of the folder: it is left out|
hardlink_absolute.tar.gz|shadow is a hard link to /etc/shadow, out of the folder: it is left out|
device.tar.gz|null is a device, a FIFO or a socket: it is left out|
block_device.tar.gz|disk is a device, a FIFO or a socket: it is left out|
fifo.tar.gz|pipe is a device, a FIFO or a socket: it is left out|
END

step "the first twenty are named, the others counted"
container
submit "$archives/many_links.tar.gz"
run "$smlaunch"
assert_success
assert_eq 20 "$(grep -c " out of the folder: it is left out$" <<<"$err")"
grep -qxF "smlaunch: algo-1: $archives/many_links.tar.gz: 3 more entries are left out or unpacked under other names" \
  <<<"$err" || fail "$err"

step "what is refused is named, and nothing of it is left"
while IFS='|' read -r name what; do
  container
  submit "$archives/$name"
  run "$smlaunch"
  assert_eq "algo-1: $archives/$name: $what" "$(words)"
  assert_eq 78 "$status"
  assert_eq "755 d code" "$(code)"
  assert_report '[.outcome, .class, .exit_code]' '["failure","configuration",78]'
  assert_eq "configuration: algo-1: $archives/$name: $what" "$(<"$base/output/failure")"
  [[ ! -e /tmp/out && ! -e $base/out && ! -e $scratch/out.py ]] || fail "something was written outside"
done <<'END'
through_symlink.tar.gz|d/file goes through d, which is a symbolic link; nothing of it is unpacked; leave that out
through_file.tar.gz|d/file goes through d, which is a file; nothing of it is unpacked; leave that out
hardlink_to_symlink.tar.gz|hard is a hard link to d, which is no file that came before; nothing of it is unpacked; leave that out
hardlink_to_nothing.tar.gz|hard is a hard link to absent, which is no file that came before; nothing of it is unpacked; leave that out
folder_as_symlink.tar.gz|d is in it twice, as a folder and as a symbolic link; nothing of it is unpacked; leave that out
symlink_as_file.tar.gz|f is in it twice, as a symbolic link and as a file; nothing of it is unpacked; leave that out
cut.tar.gz|is cut off or damaged: truncated gzip input; pack and upload it again
cut_at_once.tar.gz|is cut off or damaged: truncated gzip input; pack and upload it again
cut_in_member.tar|second is cut off, or what follows it is damaged: Truncated tar archive; pack and upload it again
cut_late.tar.gz|second is cut off, or what follows it is damaged: truncated gzip input; pack and upload it again
cut_between.tar|ends after train.py, without the mark of its end; pack and upload it again
wrong_sum.tar.gz|is damaged: its sum is wrong; pack and upload it again
garbage.tar.gz|7 bytes follow its end; pack and upload it again
two.tar|goes on behind the mark of its end; pack and upload it again
no_tar.tar.gz|is no tar archive; pack the code with tar and gzip
empty.tar.gz|is empty; pack the code with tar and gzip
nothing.tar.gz|is empty; pack the code with tar and gzip
bomb.tar.gz|zeros: unpacks to more than 100 times its size; that is no code; put data into a channel
huge.tar.gz|huge unpacks to more than 16 GiB; nothing of it is unpacked; leave that out
END
container
submit "$archives/damaged.tar.gz"
run "$smlaunch"
assert_eq 78 "$status"
assert_eq "755 d code" "$(code)"

step "a folder is copied, its links followed; a single file too"
mkdir -p "$scratch/source/pkg"
echo "$program" >"$scratch/source/train.py"
chmod 640 "$scratch/source/train.py"
ln -s ../train.py "$scratch/source/pkg/link.py"
for source in "$scratch/source" "$scratch/source/" "file://$scratch/source"; do
  container
  submit "$source"
  run "$smlaunch"
  assert_success
  assert_eq '755 d code
755 d code/pkg
640 f code/pkg/link.py
640 f code/train.py' "$(code)"
done
container
submit "$scratch/source/train.py"
run "$smlaunch"
assert_success
assert_eq '755 d code
640 f code/train.py' "$(code)"
container
submit source
(cd "$scratch" && run "$smlaunch" && assert_success)

step "what cannot be taken"
refused() { # SOURCE EXIT-CODE WORDS
  container
  submit "$1"
  run "$smlaunch"
  assert_eq "$3" "$(words)"
  assert_eq "$2" "$status"
  assert_eq "755 d code" "$(code)"
}
mkfifo "$scratch/fifo"
mkdir "$scratch"/{circle,dangling,special}
ln -s . "$scratch/circle/again"
ln -s absent "$scratch/dangling/link"
mkfifo "$scratch/special/fifo"
refused "$scratch/absent" 78 \
  "algo-1: sagemaker_submit_directory $scratch/absent: does not exist; put the code there, or into $base/code"
refused "$scratch/fifo" 78 "algo-1: sagemaker_submit_directory $scratch/fifo: is neither a folder nor a file"
refused "$scratch/circle" 78 "algo-1: $scratch/circle/again: is a link to a folder around it; remove it"
refused "$scratch/dangling" 78 "algo-1: $scratch/dangling/link: is a link that leads nowhere; remove it"
refused "$scratch/special" 78 "algo-1: $scratch/special/fifo: is neither a file nor a folder; remove it"
refused "$base" 78 \
  "algo-1: sagemaker_submit_directory $base: $base/code lies in it; name the folder of the code alone"
refused https://host/code.tar.gz 78 "algo-1: sagemaker_submit_directory https://host/code.tar.gz: is of a kind that is \
not fetched; name s3://BUCKET/KEY of a tar archive, a local folder, archive or file"
refused file://host/code.tar.gz 78 "algo-1: sagemaker_submit_directory file://host/code.tar.gz: names a file of another \
machine; name s3://BUCKET/KEY of a tar archive, a local folder, archive or file"
refused '' 78 "algo-1: sagemaker_submit_directory : is empty; name s3://BUCKET/KEY of a tar archive, a local folder, \
archive or file"

step "a disk that takes no more: what could not be written is named, and nothing is left half done"
container
mkdir "$scratch/large"
echo "$program" >"$scratch/large/train.py"
head -c 4000000 /dev/urandom >"$scratch/large/weights"
tar -C "$scratch/large" -czf "$scratch/large.tar.gz" train.py weights
small=(unshare --mount)
((EUID == 0)) || small+=(--map-root-user)
# shellcheck disable=SC2016
on_small_disk='mount -t tmpfs -o size=1m small "$1/code" || exit 99; "$2"; status=$?; ls -A "$1/code"; exit $status'
if "${small[@]}" true 2>/dev/null; then
  for code in "$scratch/large.tar.gz" "$scratch/large" "$scratch/large/weights"; do
    submit "$code"
    run "${small[@]}" bash -c "$on_small_disk" bash "$base" "$smlaunch"
    assert_eq "71 " "$status $out"
    assert_contains "$err" weights
    assert_contains "$err" "is there room, and may it be written to?"
  done
else
  echo "not tried: this user may make no namespaces"
fi

step "code that is there stays, whatever is named"
container
echo "$program" >"$base/code/train.py"
submit "$archives/dotdot.tar.gz"
run "$smlaunch"
assert_success
assert_eq "the program runs" "$out"
container
: >"$base/code/.hidden"
submit "$archives/plain.tar.gz"
run "$smlaunch"
assert_eq 71 "$status"
assert_eq "$base/code/train.py: does not exist; name a file that is there, or a program on PATH" "$(words)"
container
submit "$base/code"
run "$smlaunch"
assert_eq 71 "$status"

step "what a program that is named behind -- needs is its own affair"
container
submit "$archives/dotdot.tar.gz"
run "$smlaunch" -- printf '%s\n' runs
assert_success
assert_eq runs "$out"

step "what the program is, is seen when it is there"
container
mkdir "$scratch/package"
echo "print('as a module', __spec__ is not None, flush=True)" >"$scratch/package/train.py"
echo "from setuptools import setup; setup(name='job', py_modules=['train'])" >"$scratch/package/setup.py"
submit "$scratch/package"
run "$smlaunch" --dry-run --format json
assert_eq '["python_program","train.py"]' "$(jq -c '[.entry_point.kind, .process_command[-1]]' <<<"$out")"
assert_eq "not fetched yet: a run puts $scratch/package into $base/code, installs what it needs, and sees what the \
program is" "$(jq -r .sources.code <<<"$out")"
run "$smlaunch" --dry-run
assert_contains "$out" $'\ncode         not fetched yet: a run puts '
assert_eq "755 d code" "$(code)"
cp "$scratch"/package/* "$base/code"
run "$smlaunch" --dry-run --format json
assert_eq '["python_package",["-m","train"]]' "$(jq -c '[.entry_point.kind, .process_command[-2:]]' <<<"$out")"
assert_eq "a run first installs what it needs: $(command -v python3) -m pip install ." "$(jq -r .sources.code <<<"$out")"

step "a launcher that is killed leaves nothing half done; the next one begins anew"
container
dd if=/dev/urandom of="$scratch/package/data" bs=1M count=96 status=none
tar cf "$archives/large.tar" -C "$scratch/package" .
submit "$archives/large.tar"
is_unpacking() { [[ -e $base/.smlaunch-code.part/data || -e $base/code/data ]]; }
start "$smlaunch" --python /bin/true
eventually 20 is_unpacking
for pid in $(carriers "$marker"); do kill -KILL "$pid" 2>/dev/null || :; done # it may have ended by itself
ended
# Where it was quicker than we, it is whole.
[[ -z $(ls -A "$base/code") || $(stat -c %s "$base/code/data") == $((96 << 20)) ]] || fail "$(code)"
run "$smlaunch" --python /bin/true
assert_success
assert_eq "755 d code
$(cd "$scratch/package" && find . -type f -printf '644 f code/%P\n' | sort)" "$(code)"
container
mkdir "$base/.smlaunch-code.part" "$base/.smlaunch-code.download"
echo half >"$base/.smlaunch-code.part/train.py"
echo half >"$base/.smlaunch-code.download/archive"
: >"$base/.smlaunch-code.lock"
submit "$archives/plain.tar.gz"
run "$smlaunch"
assert_success
assert_eq "the program runs" "$out"
assert_eq '755 d code
755 d code/pkg
644 f code/pkg/mod.py
644 f code/train.py' "$(code)"

step "several that share a folder: one fetches, the others wait for it"
container
submit "$archives/plain.tar.gz"
pids=()
for i in 1 2 3 4; do
  env "$marker" SAGEMAKER_BASE_DIR="$base" "$smlaunch" --report "$scratch/report.$i" --events /dev/null \
    >"$scratch/out.$i" 2>"$scratch/err.$i" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
assert_eq 4 "$(cat "$scratch"/out.[1-4] | grep -c '^the program runs$')"
(($(cat "$scratch"/err.[1-4] | grep -c 'code from')  >= 1)) || fail "nobody fetched it"
assert_eq '755 d code
755 d code/pkg
644 f code/pkg/mod.py
644 f code/train.py' "$(code | grep -v __pycache__)"
