#!/usr/bin/env bash
# Builds the image of an example trainer without a Docker engine and without a base image: Python from Debian packages,
# libraries from wheels, buildah from scratch. There is no shell and no package manager in it.
# Usage: examples/trainers/image.sh [sklearn|xgboost]; leaves target/images/trainer-NAME.tar, an OCI archive of
# localhost/dropout/trainer-NAME:dev. It needs Debian 12 (apt-get, dpkg-deb, pip) and buildah; anywhere else use the
# Containerfile.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1:-sklearn}
trainer=examples/trainers/$name-python
[ -f "$trainer/train.py" ] || { echo "there is no trainer '$name'; take sklearn or xgboost" >&2; exit 2; }
say() { printf '%s\n' "$*" >&2; }
for tool in buildah apt-get dpkg-deb python3; do
  command -v "$tool" >/dev/null || { say "$tool is needed; or build $trainer/Containerfile with the tool you have"; exit 1; }
done
[ "$(. /etc/os-release && echo "$VERSION_CODENAME")" = bookworm ] || { say "Debian 12 is needed for its Python 3.11"; exit 1; }

work=$PWD/target/trainer-image/$name
root=$work/root
packages="libc6 libcrypt1 libgcc-s1 libstdc++6 libgomp1 zlib1g libexpat1 libffi8 libssl3 libbz2-1.0 liblzma5 libuuid1
  libsqlite3-0 libpython3.11-minimal libpython3.11-stdlib python3.11-minimal media-types"

say "Debian packages ..."
rm -rf "$root"
mkdir -p "$work/packages" "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/app" "$root/etc" "$root/scratch"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
# shellcheck disable=SC2086
(cd "$work/packages" && { apt-get download -qq $packages 2>/dev/null || { apt-get update -qq && apt-get download -qq $packages; }; })
for package in "$work"/packages/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"; done
rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/lintian" "$root/usr/lib/x86_64-linux-gnu/gconv"
echo 'trainer:x:65532:65532::/scratch:/nonexistent' > "$root/etc/passwd"
echo 'trainer:x:65532:' > "$root/etc/group"

say "wheels ..."
python3 -m venv "$work/pip"
"$work/pip/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-compile --python-version 3.11 \
  --target "$root/app/lib" --requirement "$trainer/requirements.txt"
# Tests of the libraries are a third of their size.
find "$root/app/lib" -type d -name tests -prune -exec rm -rf {} +
cp "$trainer/train.py" "$root/app/train.py"

image=localhost/dropout/trainer-$name:dev
say "image $image ..."
storage=(--storage-driver vfs --root "$PWD/target/buildah/root" --runroot "$PWD/target/buildah/run")
container=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" copy --quiet "$container" "$root" / >/dev/null
buildah "${storage[@]}" config --user 65532:65532 --entrypoint '["/usr/bin/python3.11", "/app/train.py"]' \
  --env PYTHONPATH=/app/lib --env PYTHONDONTWRITEBYTECODE=1 --env OMP_NUM_THREADS=1 --env LANG=C.UTF-8 "$container"
buildah "${storage[@]}" commit --quiet "$container" "$image" >/dev/null
buildah "${storage[@]}" rm "$container" >/dev/null
mkdir -p target/images
rm -f "target/images/trainer-$name.tar"
buildah "${storage[@]}" push --quiet "$image" "oci-archive:target/images/trainer-$name.tar:$image"
say "target/images/trainer-$name.tar: $(du -m "target/images/trainer-$name.tar" | cut -f1) MB packed, $(du -sm "$root" | cut -f1) MB unpacked"
