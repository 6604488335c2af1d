#!/usr/bin/env bash
# Builds the four images from statically linked binaries, without a Docker engine: cargo, then buildah on the project's
# own Dockerfile. Leaves target/images/<name>.tar (OCI archives). An image is built again only if its binary changed.
set -euo pipefail
cd "$(dirname "$0")/.."
registry=${REGISTRY:-localhost/dropout}
tag=${TAG:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
binaries=${BINARIES_TO_BUILD:-operator trainer monitor inference}
target=$(rustc -vV | sed -n 's/^host: //p')
say() { printf '%s\n' "$*" >&2; }

if ! command -v buildah >/dev/null; then
  if [ "$(id -u)" != 0 ]; then say "buildah is needed: sudo apt-get install -y buildah"; exit 1; fi
  say "installing the Debian package buildah ..."
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah >/dev/null
fi

say "compiling the static binaries (first time: about 9 minutes on 2 cores) ..."
# One call for several: each gets the cargo features of the others, and is 2 to 6 % larger; one call a binary takes twice the time.
# The service has a profile of its own.
folder() { if [ "$1" = inference ]; then echo serving; else echo release; fi; }
compile() { RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --quiet --target "$target" "$@"; }
packages=()
for name in $binaries; do [ "$name" = inference ] || packages+=(-p "dropout-$name"); done
if [ "${#packages[@]}" != 0 ]; then compile --release "${packages[@]}"; fi
if [[ " $binaries " = *" inference "* ]]; then compile --profile serving -p dropout-inference; fi

mkdir -p target/image target/images
for name in $binaries; do
  binary=target/$target/$(folder "$name")/dropout-$name
  sum=$( (sha256sum < "$binary"; sha256sum < Dockerfile; echo "$registry:$tag") | sha256sum | cut -d' ' -f1)
  if [ "$(cat "target/images/$name.sum" 2>/dev/null)" = "$sum" ] && [ -f "target/images/$name.tar" ]; then
    say "image dropout-$name is up to date"; continue
  fi
  for each in operator trainer monitor inference; do
    cp "target/$target/$(folder "$each")/dropout-$each" target/image/ 2>/dev/null || : > "target/image/dropout-$each"
  done
  image=$registry/dropout-$name:$tag
  say "building image $image ..."
  storage=(--storage-driver vfs --root "$PWD/target/buildah/root" --runroot "$PWD/target/buildah/run")
  buildah "${storage[@]}" bud --quiet --isolation chroot --build-arg BINARIES=prebuilt --target "$name" \
    -t "$image" -f Dockerfile target/image >/dev/null
  rm -f "target/images/$name.tar"
  buildah "${storage[@]}" push --quiet "$image" "oci-archive:target/images/$name.tar:$image"
  printf '%s' "$sum" > "target/images/$name.sum"
done
say "images: $(cd target/images && ls -sh ./*.tar | awk '{printf "%s %s  ", $2, $1}')"
