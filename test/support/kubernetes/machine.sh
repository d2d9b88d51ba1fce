#!/usr/bin/env bash
# machine.sh run COMMAND...   Runs a command as root of a machine within this one, on which a Kubernetes node can be started:
# mounts, processes and network of its own, so that nothing of it is left when the command ends, in whatever way. It has an
# address for its pods (FOREWARM_TEST_NODE_ADDRESS) and no way out: what the command needs is fetched and built first. Exit
# code 69: such a machine cannot be had here.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
unavailable=69
say() { echo "[kubernetes] $*" >&2; }
. "$here/../debian-packages.sh"

# prepare: tools of Debian, and what prepare.ts fetches and builds into the download cache.
prepare() {
  [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null || { say "a node needs root, and apt for its tools"; exit "$unavailable"; }
  install_missing /usr/bin/containerd:containerd /usr/lib/cni/ptp:containernetworking-plugins \
    /usr/sbin/iptables:iptables /bin/ip:iproute2 /usr/bin/openssl:openssl
  node "$root/.bin/run.mjs" install
  "$root/node_modules/.bin/node" "$here/prepare.ts"
  "$here/../docker/engine.sh" run "$root/node_modules/.bin/node" "$here/images.ts" "$state/images.tar"
}

# Control groups are the one thing of a node that no namespace hides: all of one run lie below a group of its name.
make_groups() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup/ /sys/fs/cgroup/*/; do
    # Version 1 has a hierarchy for each kind of limit, and may have one of version 2 beside them; version 2 has one alone.
    case "$(stat --format %T --file-system "$hierarchy") $hierarchy" in
      cgroupfs\ * | "cgroup2fs /sys/fs/cgroup/") ;;
      *) continue ;;
    esac
    mkdir "$hierarchy$1"
    # Of processors and memory a new group has none.
    [ ! -e "$hierarchy$1/cpuset.cpus" ] || for file in cpuset.cpus cpuset.mems; do cat "$hierarchy$file" > "$hierarchy$1/$file"; done
  done
}
groups_of() { find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$1"; }
# Processes that were just killed are still in them for a moment.
remove_groups() {
  local group
  for _ in $(seq 100); do
    groups_of "$1" | while read -r group; do find "$group" -depth -type d -exec rmdir {} +; done 2> /dev/null || true
    [ -n "$(groups_of "$1")" ] || break
    sleep 0.1
  done
}

inside() {
  mount --make-rshared /
  mount -t tmpfs tmpfs /run
  mkdir -p "$state"/{varlib,varlog,work-lib,work-log}
  mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$state/varlib,workdir=$state/work-lib" /var/lib
  mount -t overlay overlay -o "lowerdir=/var/log,upperdir=$state/varlog,workdir=$state/work-log" /var/log
  # The kubelet wants some settings of the kernel to be so. They are the whole machine's: here they seem to be so already.
  local name
  for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    name=${setting%=*}
    echo "${setting#*=}" > "$state/${name//\//-}"
    mount --bind "$state/${name//\//-}" "/proc/sys/$name"
  done
  ip link set lo up
  ip link add node0 type veth peer name node0-end
  ip address add "$FOREWARM_TEST_NODE_ADDRESS/24" dev node0
  ip link set node0-end up
  ip link set node0 up
  ip route add default dev node0
  echo 1 > /proc/sys/net/ipv4/ip_forward
}

case "${1:-}" in
  run)
    shift
    [ $# -gt 0 ] || { echo "usage: machine.sh run COMMAND..." >&2; exit 2; }
    state=$(mktemp -d /tmp/forewarm-kubernetes.XXXXXX)
    export FOREWARM_TEST_NODE_FOLDER=$state FOREWARM_TEST_NODE_ADDRESS=10.87.0.1
    export FOREWARM_TEST_NODE_GROUP=${state##*/}
    end() {
      [ -z "${machine:-}" ] || kill -KILL "$machine" 2> /dev/null || true
      remove_groups "$FOREWARM_TEST_NODE_GROUP"
      rm -rf "$state"
    }
    trap end EXIT
    prepare
    make_groups "$FOREWARM_TEST_NODE_GROUP"
    unshare --mount --pid --net --ipc --uts --fork --kill-child --mount-proc "$0" inside "$@" <&0 &
    machine=$!
    wait "$machine"
    ;;
  inside)
    shift
    state=$FOREWARM_TEST_NODE_FOLDER
    inside
    # Not `exec`: this shell is the first process of the machine, and takes in those whose parents have ended.
    "$@"
    ;;
  *)
    echo "usage: machine.sh run COMMAND..." >&2
    exit 2
    ;;
esac
