#!/usr/bin/env bash
# images.sh WORKDIR   Builds into the engine at DOCKER_HOST what no image registry is needed for: debian:bookworm-slim by
# debootstrap, redis:7 from Debian's packages, apache/kafka from Maven Central's jars. They bear the names of the upstream
# images and honour the same environment, but they are local rebuilds. What is there already is left as it is.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$1
docker=/usr/bin/docker
say() { echo "[docker] $*" >&2; }
has() { "$docker" image inspect "$1" > /dev/null 2>&1; }
# The builds use the host's network and name servers, because the private engine has no way out.
build() { "$docker" build --quiet --network host --tag "$1" "$2" > /dev/null; }

base=debian:bookworm-slim
if ! has "$base"; then
  say "building $base"
  mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
  debootstrap --variant=minbase bookworm "$work/root" "$mirror" > "$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }
  # How this machine reaches its mirror holds for the image too.
  grep -ls '^ *Acquire::' /etc/apt/apt.conf.d/* | xargs -r cp -t "$work/root/etc/apt/apt.conf.d/"
  rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/usr/share/{doc,man,locale}/*
  tar -C "$work/root" -c . | "$docker" import --change 'CMD ["bash"]' - "$base" > /dev/null
  rm -rf "$work/root"
fi

has redis:7 || { say "building redis:7"; build redis:7 "$here/redis"; }

libraries=$("$here/../../../node_modules/.bin/node" "$here/kafka-libraries.ts")
version=$(basename "$(dirname "$libraries")" | sed 's/^kafka-//')
if ! has "apache/kafka:$version"; then
  say "building apache/kafka:$version"
  mkdir -p "$work/kafka"
  cp -r "$here"/kafka/* "$libraries" "$work/kafka/"
  build "apache/kafka:$version" "$work/kafka"
fi
