#!/bin/sh
# Runs a script of this folder (oracle.py unless SCRIPT names another) with scikit-learn and statsmodels from an environment
# of its own below .cache; installs them if they are not there.
# Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home="$here/../../.cache/sklearn"
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import sklearn, statsmodels' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet 'scikit-learn>=1.5' 'statsmodels>=0.14' >&2 || exit 77
fi
exec 9>&-
exec "$home/bin/python" "$here/${SCRIPT:-oracle.py}" "$@"
