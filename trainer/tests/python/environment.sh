#!/bin/sh
# Prints the path of a Python that has what the example trainers need, from an environment of its own below .cache;
# installs it if it is not there. Exit 77: it cannot be installed here.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
home="$root/.cache/python-trainers"
needs="$root/examples/trainers/sklearn-python/requirements.txt $root/examples/trainers/xgboost-python/requirements.txt"
sum=$(cat $needs | cksum)
mkdir -p "$home"
exec 9>"$home.lock"
flock 9
if [ "$(cat "$home/installed" 2>/dev/null)" != "$sum" ]; then
    python3 -m venv "$home" >&2 || exit 77
    for each in $needs; do "$home/bin/pip" install --quiet -r "$each" >&2 || exit 77; done
    printf '%s' "$sum" > "$home/installed"
fi
echo "$home/bin/python"
