#!/bin/sh
# Runs xgboost.py with a version of xgboost from an environment of its own below .cache; installs it if it is not there.
# First argument: 2 or 3, the major version. Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
major=$1
shift
home="$here/../../.cache/xgboost-$major"
case $major in
2) wanted='xgboost-cpu>=2.1,<3' ;;
*) wanted='xgboost-cpu>=3.1,<4' ;;
esac
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if ! "$home/bin/python" -c 'import numpy, xgboost' 2>/dev/null; then
    python3 -m venv "$home" >&2 && "$home/bin/pip" install --quiet numpy "$wanted" >&2 || exit 77
fi
exec 9>&-
exec "$home/bin/python" "$here/xgboost.py" "$@"
