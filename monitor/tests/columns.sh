#!/bin/sh
# Runs columns.py with pyarrow from an environment of its own below .cache; installs it if it is not there.
# Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home="$here/../../.cache/pyarrow"
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import pyarrow' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet 'pyarrow>=15' >&2 || exit 77
fi
exec 9>&-
exec "$home/bin/python" "$here/columns.py" "$@"
