#!/bin/sh
# Runs installed.py with Evidently from an environment of its own below .cache; installs it if it is not there.
# Evidently 0.7.23 does not start with pandas 3. Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home="$here/../../.cache/evidently"
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import evidently, pandas' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet 'evidently==0.7.23' 'pandas<3' >&2 || exit 77
fi
exec 9>&-
export DO_NOT_TRACK=1
exec "$home/bin/python" "$here/installed.py" "$@"
