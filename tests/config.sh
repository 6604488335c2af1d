#!/usr/bin/env bash
# Prints config/install.yaml: the chart rendered for `kubectl apply -k`. $1: helm.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "# Generated from charts/ by \`make generate\`; edit the chart, not this file."
"$1" template dropout-operator charts/dropout-operator --namespace dropout-system \
  --set image.registry=registry.example/trialops | grep -v '^# Source: '
