#!/bin/sh
# Runs oracle.py, or the script named in ORACLE, with scikit-learn from an environment of its own below .cache; installs it if it is not there.
# Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home="$here/../../.cache/sklearn"
if ! "$home/bin/python" -c 'import sklearn' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet 'scikit-learn>=1.5' >&2 || exit 77
fi
exec "$home/bin/python" "$here/${ORACLE:-oracle.py}" "$@"
