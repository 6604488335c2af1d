#!/bin/sh
# Runs parquet.py with pyarrow. Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/venv.sh"
venv pyarrow pyarrow 'pyarrow>=15'
exec "$python" "$here/parquet.py" "$@"
