#!/bin/sh
# Runs oracle.py of this folder with SciPy from an environment of its own below .cache; installs it if it is not there.
# Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home="$here/../../.cache/scipy"
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import scipy' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet 'scipy>=1.14' >&2 || exit 77
fi
exec 9>&-
exec "$home/bin/python" -W ignore "$here/oracle.py" "$@"
