#!/usr/bin/env bash
# Writes what is generated: the CRD from the types, twice, and config/ from the chart. Tests compare.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --quiet --locked -p dropout-crds --bin crdgen > crds/dropoutmodels.yaml.new
mv crds/dropoutmodels.yaml.new crds/dropoutmodels.yaml
cp crds/dropoutmodels.yaml charts/dropout-operator/files/dropoutmodels.yaml
cargo build --quiet --locked -p dropout-cluster
helm=$(target/debug/dropout-cluster helm | tail -n 1)
tests/config.sh "$helm" > config/install.yaml
echo "generated crds/, charts/dropout-operator/files/ and config/" >&2
