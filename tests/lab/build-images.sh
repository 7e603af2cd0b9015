#!/usr/bin/env bash
# Makes the two images the lab runs, from Debian's packages and without a registry:
#   dogwatch-lab:1          node, python, PostgreSQL, redis, nginx, nats, curl: programs people run
#   dogwatch-lab-busybox:1  a static busybox and nothing else: what slim images feel like
# An image that was made by this very recipe is kept.
set -euo pipefail

suite=bookworm
packages=curl,iproute2,nats-server,netcat-openbsd,nginx-light,nodejs,postgresql,procps,python3-minimal,redis-server
path=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
recipe=$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-16)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

is_current() {
  [[ $(docker image inspect --format '{{index .Config.Labels "dogwatch.lab.recipe"}}' "$1" 2>/dev/null) == "$recipe" ]]
}

# import ROOT IMAGE PATH
import() {
  tar --directory "$1" --create . \
    | docker import --change "ENV PATH=$3" --change "LABEL dogwatch.lab.recipe=$recipe" - "$2" >/dev/null
  echo "$2 is made"
}

make_busybox() {
  local root=$scratch/busybox applet
  mkdir -p "$root"/{bin,etc,tmp,var}
  chmod 1777 "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [[ -e $root/bin/$applet ]] || ln -s busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  import "$root" dogwatch-lab-busybox:1 /bin
}

make_debian() {
  local root=$scratch/debian
  if ! debootstrap --variant=minbase --include="$packages" "$suite" "$root" >"$scratch/debootstrap.log" 2>&1; then
    tail -n 20 "$scratch/debootstrap.log"
    return 1
  fi
  # packages, lists and pages nobody reads in a test
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}/*
  rm -rf "$root"/dev/* "$root"/proc/*
  import "$root" dogwatch-lab:1 "$path"
}

is_current dogwatch-lab-busybox:1 || make_busybox
is_current dogwatch-lab:1 || make_debian
