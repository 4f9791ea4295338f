# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The part of `cluster` that runs inside: as the first process of the switch and of each host, and for sshd.
# shellcheck disable=SC2154,SC2164 # variables and `set -e` are the caller's

own_pid() { read -r pid _ </proc/self/stat; } # $$ would be the number inside our own pid namespace
mac() { printf '02:00:00:00:00:%02x' "$1"; }

close_inherited_files() { # or whoever reads a pipe of the caller's would wait for us
  local fd
  for fd in /proc/self/fd/*; do ((${fd##*/} <= 2)) || eval "exec ${fd##*/}>&-"; done
}

run_inside() { # switch REPORT | host NAME SSHD REPORT | sshd start|stop
  local part=$1; shift
  dir=${SMLAUNCH_CLUSTER_DIR:-}
  case $part in
    switch) run_switch "$@" ;;
    host) switch=$(running "$dir/switch"); run_host "$@" ;;
    sshd) run_sshd "$@" ;;
  esac
}

# ---- The switch

run_switch() { # REPORT
  local pid
  close_inherited_files
  own_pid
  mount -t tmpfs -o mode=755 hosts "$dir/hosts"
  ip -batch - <<<"link add br0 type bridge stp_state 0 forward_delay 0"$'\n'"link set br0 up"
  identity "$pid" >"$dir/switch"
  echo "switch ready" >"$1"
  # shellcheck disable=SC2034
  local found
  while find_running "$dir/owner"; do sleep 1; done
  umount -l "$dir/hosts"
  forget
}

# ---- A host

run_host() { # NAME SSHD REPORT
  local name=$1 sshd=$2 pid root=$dir/hosts/$1/root
  close_inherited_files
  exec 9<>"$3"
  # shellcheck disable=SC2064
  trap "echo $name failed >&9" EXIT
  own_pid
  plug_in
  furnish
  identity "$pid" >"$dir/pids/$name"
  cd "$root"
  pivot_root . .
  umount -l .
  cd /
  if [[ $sshd == yes ]]; then start_sshd 9>&-; fi
  trap - EXIT
  echo "$name ready" >&9
  # With its children's end ignored, the kernel reaps the orphans that a host's first process inherits.
  exec env -i --default-signal --ignore-signal=CHLD sleep infinity </dev/null >/dev/null 2>&1 9>&-
}

# The neighbours are fixed: a dead host is silence then, as in a cloud's network, rather than "no route to
# host"; and the kernel's one table of learned neighbours for all namespaces cannot overflow.
plug_in() {
  local number other size
  number=$(number_of "$name"); size=$(<"$dir/size")
  hostname "$name"
  [[ ! -e /proc/sys/net/ipv6 ]] || echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
  # A killed host's link may not be gone yet.
  nsenter --target "$switch" --net -- ip link del "p$number" 2>/dev/null || :
  {
    echo "link set lo up"
    echo "link add eth0 address $(mac "$number") type veth peer name p$number netns /proc/$switch/ns/net"
    echo "link set eth0 up"
    echo "addr add $network.$number/24 dev eth0"
    for ((other = 1; other <= size; other++)); do
      printf 'neigh add %s.%d lladdr 02:00:00:00:00:%02x dev eth0 nud permanent\n' \
        "$network" "$other" "$other"
    done
    echo "neigh add $network.254 lladdr $(mac 254) dev eth0 nud permanent"
  } | ip -batch -
  nsenter --target "$switch" --net -- ip link set "p$number" master br0 up
}

# The machine's own files, with whatever the host writes kept apart; the project too where / alone would not
# show it (on a volume of its own, or below a folder that is private here).
furnish() {
  local folder folders
  find_project
  rm -rf "${root%/root}"
  mkdir -p "$root"; cd "${root%/root}"
  mkdir upper work project-upper project-work
  mount -t overlay "$name" -o lowerdir=/,upperdir=upper,workdir=work "$root"
  mkdir -p "$root/opt/ml"
  cat >fstab <<-END
	proc $root/proc proc
	sysfs $root/sys sysfs
	/dev $root/dev none bind
	devpts $root/dev/pts devpts newinstance,mode=620,ptmxmode=666,gid=5
	shm $root/dev/shm tmpfs mode=1777
	tmp $root/tmp tmpfs mode=1777
	run $root/run tmpfs mode=755
	root $root/root tmpfs mode=700
	ml $root/opt/ml tmpfs mode=755
	END
  mount --all --fstab fstab
  mkdir -p "$root$project"
  mount -t overlay project -o "lowerdir=$project,upperdir=project-upper,workdir=project-work" \
    "$root$project"
  IFS=: read -ra folders <<<"${SMLAUNCH_CLUSTER_BIND:-}"
  for folder in "${folders[@]}"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
  done

  mkdir -p "$root"/run/{sshd,lock} "$root/root/.ssh"
  rm -f "$root"/etc/{hosts,hostname,resolv.conf} "$root"/etc/ssh/ssh_host_*
  cp "$dir/common/hosts" "$root/etc/"
  echo "$name" >"$root/etc/hostname"
  : >"$root/etc/resolv.conf"
  cp "$dir/common/sshd_config" "$root/etc/ssh/"
  cp "$dir"/common/{id_ed25519,authorized_keys,known_hosts} "$root/root/.ssh/"
  [[ $name != fabric ]] || { umount "$root/opt/ml"; return; } # the machine beside the hosts is no container
  cp "$dir/keys/$name" "$root/etc/ssh/ssh_host_ed25519_key"
  mkdir -p "$root"/opt/ml/{code,model,checkpoints,input/{config,data},output/data}
  sed "s/@HOST@/$name/" "$dir/common/resourceconfig.json" >"$root/opt/ml/input/config/resourceconfig.json"
  echo '{}' | tee "$root"/opt/ml/input/config/{hyperparameters,inputdataconfig}.json >/dev/null
}

start_sshd() { # sshd goes into the background before it listens, and writes its pid after
  rm -f /run/sshd.pid
  env -i --default-signal PATH="$PATH" "$(command -v sshd)" -E /run/sshd.log </dev/null >/dev/null
  for _ in {1..500}; do [[ ! -s /run/sshd.pid ]] || return 0; sleep 0.01; done
  cat /run/sshd.log >&2
  return 1
}

run_sshd() {
  local pid=
  { read -r pid </run/sshd.pid; } 2>/dev/null || :
  [[ -n $pid && $(<"/proc/$pid/comm") == sshd ]] 2>/dev/null || pid=
  case $1 in
    start) [[ -n $pid ]] || start_sshd ;;
    stop)
      [[ -n $pid ]] || return 0
      kill "$pid"
      for _ in {1..500}; do [[ -e /proc/$pid ]] || return 0; sleep 0.01; done
      die "sshd does not end" ;;
  esac
}
