#!/usr/bin/env bash
# images.sh WORKDIR   Builds into the engine at DOCKER_HOST what no image registry is needed for: debian:bookworm-slim by
# debootstrap, redis:7 from Debian's packages, apache/kafka from Maven Central's jars, node:24-bookworm-slim from npm's
# package `node` and this machine's npm, apicurio/apicurio-registry from Maven Central and this machine's Java, where that
# is 21 or newer, otel/opentelemetry-collector from its Go modules, where there is Go. They bear the names of the upstream
# images and honour the same environment, but they are local rebuilds. Of Prometheus Debian has an older version: it bears a
# name of its own (forewarm-test/prometheus). No Grafana can be had.
# An image that was built from the same recipe is left as it is.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$1
docker=/usr/bin/docker
say() { echo "[docker] $*" >&2; }
has() { "$docker" image inspect "$1" > /dev/null 2>&1; }
recipe_of() { cat "$here/$1"/* | sha256sum | cut -c 1-16; }
# is_built IMAGE RECIPE: whether the image is there, and from the recipe as it is now.
is_built() {
  [ "$("$docker" image inspect --format '{{ .Config.Labels.recipe }}' "$1" 2> /dev/null)" = "$(recipe_of "$2")" ]
}
# build IMAGE RECIPE FOLDER: the builds use the host's network and name servers, for the private engine has no way out.
build() {
  "$docker" build --quiet --network host --label "recipe=$(recipe_of "$2")" --tag "$1" "$3" > /dev/null
}

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

is_built redis:7 redis || { say "building redis:7"; build redis:7 redis "$here/redis"; }

libraries=$("$here/../../../node_modules/.bin/node" "$here/kafka-libraries.ts")
version=$(basename "$(dirname "$libraries")" | sed 's/^kafka-//')
if ! is_built "apache/kafka:$version" kafka; then
  say "building apache/kafka:$version"
  mkdir -p "$work/kafka"
  cp -r "$here"/kafka/* "$libraries" "$work/kafka/"
  build "apache/kafka:$version" kafka "$work/kafka"
fi

node=node:24-bookworm-slim
if ! is_built "$node" node; then
  say "building $node"
  mkdir -p "$work/node/npm"
  cp "$here"/node/* "$here/../../../node_modules/node/bin/node" "$work/node/"
  cp -r "$(npm root --global 2> /dev/null)/npm/." "$work/node/npm/"
  build "$node" node "$work/node"
fi

if ! registry=$("$here/../../../node_modules/.bin/node" "$here/registry-parts.ts"); then
  say "no image of the registry: see the line above"
elif read -r version jars java <<< "$registry" && ! is_built "apicurio/apicurio-registry:$version" registry; then
  say "building apicurio/apicurio-registry:$version"
  mkdir -p "$work/registry"
  modules=java.se,jdk.crypto.ec,jdk.management,jdk.naming.dns,jdk.net,jdk.security.auth,jdk.unsupported,jdk.zipfs
  "$java/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --output "$work/registry/jre"
  cp -r "$here"/registry/* "$work/registry/"
  cp -r "$jars" "$work/registry/app"
  build "apicurio/apicurio-registry:$version" registry "$work/registry"
fi

prometheus=forewarm-test/prometheus:debian
is_built "$prometheus" prometheus || { say "building $prometheus"; build "$prometheus" prometheus "$here/prometheus"; }

if ! collector=$("$here/../../../node_modules/.bin/node" "$here/collector-binary.ts"); then
  say "no image of the Collector: see the line above"
elif read -r version binary <<< "$collector" && ! is_built "otel/opentelemetry-collector:$version" collector; then
  say "building otel/opentelemetry-collector:$version"
  mkdir -p "$work/collector"
  cp "$here"/collector/* "$binary" "$work/collector/"
  build "otel/opentelemetry-collector:$version" collector "$work/collector"
fi

# What earlier builds have left behind.
"$docker" image prune --force > /dev/null
