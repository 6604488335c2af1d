#!/bin/sh
# Runs the example's nightly.py with what its requirements.txt names, from an environment below .cache; installs it if it is
# not there. Exit 77: it cannot be installed here.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.cache/evidently" example="$root/examples/evidently-configmap"
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import evidently, pandas' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet -r "$example/requirements.txt" >&2 || exit 77
fi
exec 9>&-
exec "$home/bin/python" "$example/nightly.py" "$@"
