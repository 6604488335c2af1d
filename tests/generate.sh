#!/usr/bin/env bash
# Writes what is generated: the CRDs from the types, twice, and config/ from the chart. Tests compare.
set -euo pipefail
cd "$(dirname "$0")/.."
for kind in dropoutmodels retrainpolicies; do
  cargo run --quiet --locked -p dropout-crds --bin crdgen -- "$kind" > "crds/$kind.yaml.new"
  mv "crds/$kind.yaml.new" "crds/$kind.yaml"
  cp "crds/$kind.yaml" "charts/dropout-operator/files/$kind.yaml"
done
cargo build --quiet --locked -p dropout-cluster
helm=$(target/debug/dropout-cluster helm | tail -n 1)
tests/config.sh "$helm" > config/install.yaml
echo "generated crds/, charts/dropout-operator/files/ and config/" >&2
