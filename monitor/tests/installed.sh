#!/bin/sh
# Runs installed.py with Evidently, whose 0.7.23 does not start with pandas 3. Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/venv.sh"
venv evidently 'evidently, pandas' 'evidently==0.7.23' 'pandas<3'
export DO_NOT_TRACK=1
exec "$python" "$here/installed.py" "$@"
