#!/usr/bin/env bash
# engine.sh run COMMAND...   Runs a command with a Docker engine at hand that has the images which the tests need.
#
# Where an engine answers already, that one is used and images are pulled as usual. Else (root, Debian) Debian's engine
# is installed, started privately for the time of the command, and given images that images.sh builds from the package
# registries. They are kept in the download cache. Exit code 69: no engine can be had on this machine.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
unavailable=69
[ "${1:-}" = run ] && [ $# -gt 1 ] || { echo "usage: engine.sh run COMMAND..." >&2; exit 2; }
shift

export FOREWARM_TEST_CONTAINERS=1

say() { echo "[docker] $*" >&2; }
. "$here/../debian-packages.sh"

if docker info > /dev/null 2>&1; then
  say "using the engine that answers here"
  exec "$@"
fi
[ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null || {
  say "no Docker engine answers, and installing one needs root and apt"
  exit "$unavailable"
}

install_missing /usr/sbin/dockerd:docker.io /usr/sbin/dockerd:iptables /usr/sbin/debootstrap:debootstrap \
  /usr/bin/docker-compose:docker-compose

cache=${FOREWARM_SERVICES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/forewarm-services}/docker
state=$(mktemp -d /tmp/forewarm-docker.XXXXXX)
mkdir -p "$cache"
# One engine at a time may use the image store.
exec 9> "$cache/lock"
flock 9

# No firewall rules of the host are touched: ports are published by Docker's own proxy. It ends when this script does,
# in whatever way, and takes its containers along.
setsid setpriv --pdeathsig TERM /usr/sbin/dockerd --data-root "$cache/data" --exec-root "$state/exec" \
  --pidfile "$state/pid" -H "unix://$state/docker.sock" --iptables=false --ip-forward=false \
  --bip 172.31.99.1/24 > "$state/log" 2>&1 < /dev/null 9>&- &
engine=$!
stop_engine() {
  kill "$engine" 2> /dev/null || true
  wait "$engine" 2> /dev/null || true
  umount "$state"/exec/netns/* 2> /dev/null || true
  rm -rf "$state"
}
trap stop_engine EXIT

# Debian's own client comes first: another one on the PATH may be too new for its engine.
export PATH=/usr/bin:$PATH DOCKER_HOST=unix://$state/docker.sock
export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
for _ in $(seq 300); do
  /usr/bin/docker info > /dev/null 2>&1 && break
  kill -0 "$engine" 2> /dev/null || { tail -n 5 "$state/log" >&2; say "the engine does not start here"; exit "$unavailable"; }
  sleep 0.1
done
"$here/images.sh" "$state"
"$@" 9>&-
