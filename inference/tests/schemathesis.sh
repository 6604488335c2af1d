#!/bin/sh
# schemathesis.sh ADDRESS CASES: every check of the installed schemathesis against the document that a running service shows.
# The key is in API_KEY. Exit 77: it cannot be installed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/venv.sh"
venv schemathesis schemathesis 'schemathesis==4.32.5'
address=$1 cases=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > schemathesis.toml <<TOML
# Whether a date is in the future, and whether a prediction was ever made, no schema can say.
[[operations]]
include-path = "/v1/outcomes"
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]
# More rows than a batch takes are too much, not wrong.
[[operations]]
include-path = "/v1/predict:batch"
checks.negative_data_rejection.expected-statuses = [400, 413, 415, 422]
TOML
"$(dirname "$python")/st" run "$address/openapi.json" --header "x-api-key: $API_KEY" --checks all --max-examples "$cases" \
    --phases examples,coverage,fuzzing --seed 1 --no-color
