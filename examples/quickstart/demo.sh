#!/usr/bin/env bash
# The story on a real Kubernetes: install, apply, train, judge, serve, roll out, refuse, drift, train anew. With KUBECONFIG and REGISTRY set
# it runs on that cluster; else on a single node that it starts on this machine. DATA=file.csv SPEC=model.yaml: your own.
set -euo pipefail
cd "$(dirname "$0")/../.."
source examples/quickstart/predict.sh
here=examples/quickstart
out=target/demo
cluster=target/debug/dropout-cluster
mkdir -p "$out"
data=${DATA:-} spec=${SPEC:-$here/model.yaml}
own=yes started='' model='' namespace='' asking='' forward='' folder=''
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

[ -z "${KUBECONFIG:-}" ] || own=''

if [ -n "$data" ] && [ ! -f "$data" ]; then fail "DATA=$data: there is no such file"; fi
if [ ! -f "$spec" ]; then fail "SPEC=$spec: there is no such file"; fi
if [ -n "$data" ] && [ -z "${SPEC:-}" ]; then fail "DATA needs SPEC, the DropoutModel that names the columns of $data"; fi
if [ -z "$own" ] && [ -z "${REGISTRY:-}" ]; then
  fail "KUBECONFIG is set: set REGISTRY to where you pushed the four images (see README, Install), or unset KUBECONFIG"
fi
if [ -z "$own" ] && ! command -v kubectl >/dev/null; then fail "KUBECONFIG is set, but there is no kubectl here"; fi
if [ -z "$own" ] && [ -n "$data" ]; then
  fail "DATA is for the node that the demo starts; on a cluster of your own copy the file into the claim and apply SPEC"
fi

tidy() {
  local code=$?
  trap - EXIT INT TERM
  rm -f "$out/asking"
  [ -z "$asking" ] || kill "$asking" 2>/dev/null || true
  [ -z "$forward" ] || kill "$forward" 2>/dev/null || true
  if [ "$code" != 0 ] && [ -n "$started" ]; then
    echo "The demo did not end well (exit code $code); ending the node it started ..." >&2
    [ -z "$model" ] || kubectl -n "$namespace" get dropoutmodel "$model" -o yaml > "$out/model-at-the-end.yaml" 2>/dev/null || true
    "$cluster" down >&2 || true
  fi
  exit "$code"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "What this does"
if [ -z "$own" ]; then
  echo "  on the cluster of KUBECONFIG ($KUBECONFIG):"
  echo "  installs   the CRD dropoutmodels.trialops.dev and the chart in namespace dropout-system, images from $REGISTRY"
else
  echo "  builds     Kubernetes from pinned Go modules into your cache folder (first time: about 8 minutes on 2 cores),"
  echo "             our binaries and four images into target/ (first time: about 6 minutes)"
  echo "  installs   missing Debian packages: runc containernetworking-plugins iptables conntrack buildah (needs root)"
  echo "  changes    on this machine, while the node is up: a bridge, iptables chains KUBE-* and CNI-*, cgroups;"
  echo "             \`make cluster-down\` removes them all"
fi
echo "  applies    one namespace with a claim, two keys and a DropoutModel; then edits of it, and a RetrainPolicy"

install_operator() {
  "$cluster" helm > "$out/helm"
  "$(tail -n 1 "$out/helm")" upgrade --install dropout charts/dropout-operator --namespace dropout-system --create-namespace \
    --set "image.registry=${REGISTRY:-localhost/dropout},image.pullPolicy=${PULL_POLICY:-IfNotPresent}" \
    --wait --timeout 180s > "$out/helm.log" || { cat "$out/helm.log"; fail "the chart did not install"; }
  kubectl -n dropout-system get deployments
}

say "1. A cluster"
cargo build --quiet --locked -p dropout-cluster
if [ -n "$own" ]; then
  "$cluster" status >/dev/null 2>&1 || started=yes
  "$cluster" build --level node
  tests/images.sh
  "$cluster" up --level node
  eval "$("$cluster" env)"
  for image in operator trainer monitor inference; do "$cluster" load "target/images/$image.tar"; done
fi
kubectl get nodes

say "2. The operator, by Helm"
install_operator
# A node that was up already may run an earlier build of the same tag.
if [ -n "$own" ] && [ -z "$started" ]; then kubectl -n dropout-system rollout restart deployment/dropout >/dev/null; fi

# The fields of the manifest that the demo itself needs.
field() { kubectl create --dry-run=client -o jsonpath="$1" -f "$spec"; }
model=$(field '{.metadata.name}') namespace=$(field '{.metadata.namespace}')
claim=$(field '{.spec.data.training.persistentVolumeClaim.claimName}')
file=$(field '{.spec.data.training.uri}'); file=${file#file:///}
secret=$(field '{.spec.serving.apiKeys.secretRef.name}')
[ -n "$namespace" ] || fail "SPEC: metadata.namespace is missing"

say "3. A trial: namespace $namespace, claim $claim, one client's key"
there=$(kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{.metadata.name}/{.metadata.labels.trialops\.dev/demo}' 2>/dev/null || true)
case "$there" in
  '') [ -n "$own" ] || ! kubectl -n "$namespace" get secret "$secret" >/dev/null 2>&1 ||
        fail "namespace $namespace has a Secret $secret already; the demo overwrites nothing that it did not make" ;;
  "$model/yes") kubectl -n "$namespace" delete retrainpolicy onc-302-watch --ignore-not-found --wait >/dev/null
                kubectl -n "$namespace" delete dropoutmodel "$model" --wait >/dev/null
                kubectl -n "$namespace" delete secret "$secret" --ignore-not-found >/dev/null ;;
  *) fail "namespace $namespace has a DropoutModel $model that the demo did not make; it is left alone" ;;
esac
kubectl create namespace "$namespace" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
[ -z "$own" ] || kubectl label --overwrite namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >/dev/null
key=demo-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
kubectl -n "$namespace" create secret generic "$secret" --from-literal=demo="$key" --dry-run=client -o yaml | kubectl apply -f - >/dev/null

# Patients are kept in records only under pseudonyms made with this key.
if [ -z "$data" ] && ! kubectl -n "$namespace" get secret onc-302-pseudonyms >/dev/null 2>&1; then
  kubectl -n "$namespace" create secret generic onc-302-pseudonyms \
    --from-literal=key="$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >/dev/null
fi

# On our own node a folder of it is the volume; elsewhere the cluster's default storage class gives one.
if [ -n "$own" ]; then
  folder=$(dirname "$KUBECONFIG")/volumes/$namespace
  mkdir -p "$folder"
  rm -rf "$folder/store"
  chown 65532:65532 "$folder"
  kubectl apply -f - >/dev/null <<END
apiVersion: v1
kind: PersistentVolume
metadata: {name: $namespace}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  hostPath: {path: $folder, type: Directory}
  claimRef: {namespace: $namespace, name: $claim}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: $claim, namespace: $namespace}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", volumeName: $namespace, resources: {requests: {storage: 1Gi}}}
END
else
  sed "s/name: onc-302/name: $claim/; s/namespace: trial-onc-302/namespace: $namespace/" "$here/claim.yaml" | kubectl apply -f - >/dev/null
fi

if [ -n "$data" ]; then
  mkdir -p "$(dirname "$folder/$file")"; cp "$data" "$folder/$file"; chown -R 65532:65532 "$folder"
  echo "copied $data into the claim"
else
  kubectl -n "$namespace" delete job simulate --ignore-not-found >/dev/null
  sed "s#localhost/dropout/#${REGISTRY:-localhost/dropout}/#" "$here/simulate.yaml" | kubectl apply -f - >/dev/null
  kubectl -n "$namespace" wait --for=condition=Complete job/simulate --timeout=120s >/dev/null
  kubectl -n "$namespace" logs job/simulate
fi

# tell: prints what the model's status says now and has not said before.
tell() {
  local line
  while IFS= read -r line; do
    case "$line" in ''|*'|') continue ;; esac
    case "$shown" in *"<$line>"*) ;; *) shown="$shown<$line>"; printf '   %s\n' "$line" ;; esac
  done < <(kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath="{range .status.conditions[?(@.reason=='Accepted')]}{.lastTransitionTime}{'  DataAccepted: '}{.message}{'\n'}{end}{range .status.history[*]}{.time}{'  '}{.reason}{': '}{.message}{'\n'}{end}")
}

# follow VERSION: tells what happens to the model until that version is judged and the model is at rest.
follow() {
  local state end=$((SECONDS + 600)) generations
  while :; do
    tell
    state=$(kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{.status.stage}/{.status.judged.version}/{.metadata.generation}={.status.observedGeneration}')
    generations=${state#"Idle/$1/"}
    if [ "$generations" != "$state" ] && [ "${generations%=*}" = "${generations#*=}" ]; then break; fi
    [ "$SECONDS" -lt "$end" ] || fail "nothing more happened within 10 minutes: kubectl -n $namespace describe dropoutmodel $model"
    sleep 0.5
  done
  tell
  say "   The gate said"
  kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{range .status.judged.checks[*]}{.verdict}{"\t"}{.name}{"\t"}{.message}{"\n"}{end}' |
    awk -F'\t' '{printf "   %-13s %-24s %s\n", $1, $2, $3}'
  echo
  kubectl -n "$namespace" get dropoutmodels -o wide
}
shown=''

say "4. Apply $spec: data accepted, training, the gate, rollout"
kubectl apply -f "$spec"
kubectl -n "$namespace" label dropoutmodel "$model" trialops.dev/demo=yes >/dev/null
follow 1

outcome=$(kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{.status.production.name}')
if [ -z "$outcome" ]; then
  say "The first model was not promoted; the conditions say why and what to do:"
  kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{range .status.conditions[*]}{.type}{"\t"}{.status}{"\t"}{.message}{"\n"}{end}'
  exit 0
fi

# forward_port: opens port 18000 of 127.0.0.1 for the service, anew each time: a forwarded port ends with its pod.
forward_port() {
  [ -z "$forward" ] || kill "$forward" 2>/dev/null || true
  kubectl -n "$namespace" port-forward "service/$model" 18000:8000 >/dev/null 2>&1 & forward=$!
  for _ in $(seq 50); do (exec 3<>/dev/tcp/127.0.0.1/18000) 2>/dev/null && break; sleep 0.2; done
}

# Predictions go through 127.0.0.1: a node port on our own node, a forwarded port elsewhere.
if [ -n "$own" ]; then
  kubectl -n "$namespace" apply -f - >/dev/null <<END
apiVersion: v1
kind: Service
metadata: {name: $model-local, namespace: $namespace}
spec:
  type: NodePort
  selector: {trialops.dev/model: $model, app.kubernetes.io/component: serving}
  ports: [{port: 8000, targetPort: http}]
END
  port=$(kubectl -n "$namespace" get service "$model-local" -o jsonpath='{.spec.ports[0].nodePort}')
else
  port=18000
  forward_port
fi
for _ in $(seq 50); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done

if [ -n "$data" ]; then
  say "Your model is served"
  echo "  curl http://127.0.0.1:$port/v1/model -H 'x-api-key: $key'    # what POST /predict expects"
  echo "  kubectl -n $namespace describe dropoutmodel $model"
  echo "The node stays up; \`make cluster-down\` ends it."
  exit 0
fi

small="age days_in_trial visits_completed adverse_events"
full="$small visits_missed days_since_last_visit distance_km remote_visits"
examples() { # COLUMNS: bodies for a low, a medium and a critical patient; from the trial's own rows where they can be read
  if [ -z "$folder" ]; then
    fixed_patients "$1"
    return
  fi
  local digest
  digest=$(kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{.status.production.digest}')
  local threshold
  threshold=$(kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{.status.production.threshold}')
  target/"$(rustc -vV | sed -n 's/^host: //p')"/release/dropout-trainer score --data "$folder/$file" --out "$out/risks.csv" \
    --bundle "$folder/store/$namespace/$model/bundles/sha256-${digest#sha256:}.json" 2>/dev/null
  example_patients "$out/risks.csv" "$folder/$file" "$1" "$threshold"
}
show_predictions() {
  local body
  while IFS= read -r body; do
    [ -n "$body" ] || { echo "   (no row of this trial falls into the next tier under this version)"; continue; }
    echo "   POST /predict $body"
    echo "     $(predict "$port" "$key" "$body")"
  done < <(examples "$1")
}

say "5. Predictions by v1, through 127.0.0.1:$port"
show_predictions "$small"

say "6. Four more features: first made known to v1 (suspended), so that clients can send them before v2 is served"
awk '{print} /^spec:/ {print "  suspend: true"}' "$here/model-more-features.yaml" | kubectl apply -f - >/dev/null
body=$(examples "$full" | sed -n 1p)
for _ in $(seq 120); do
  kubectl -n "$namespace" rollout status "deployment/$model" --timeout=60s >/dev/null 2>&1 || true
  [ -n "$own" ] || forward_port
  case "$(predict "$port" "$key" "$body" || true)" in *model_version*) break ;; esac
  sleep 0.5
done
sleep 3
: > "$out/asked"; : > "$out/failed"
touch "$out/asking"
( while [ -e "$out/asking" ]; do
    case "$(predict "$port" "$key" "$body" || true)" in *'"model_version"'*) echo >> "$out/asked" ;; *) echo >> "$out/failed" ;; esac
  done ) & asking=$!
say "7. v2: trained, judged against v1 on the same patients, rolled out while requests flow"
kubectl apply -f "$here/model-more-features.yaml"
follow 2
sleep 8
rm -f "$out/asking"; wait "$asking" || true; asking=
echo "   requests during training and roll-out: $(wc -l < "$out/asked") answered, $(wc -l < "$out/failed") failed"
# A forwarded port ends with the pod behind it, so only our own node shows a roll without a failed request.
if [ -n "$own" ] && [ -s "$out/failed" ]; then fail "requests failed during the roll"; fi

[ -n "$own" ] || forward_port
say "8. Predictions by v2: a low, a medium and a critical patient"
show_predictions "$full"

say "9. A worse model: trained, and refused with the reason; v2 goes on serving"
kubectl apply -f "$here/model-worse.yaml"
follow 3

say "10. Back to the features of v2. From here on predictions and outcomes are recorded, and a policy looks at them every 10 s"
kubectl apply -f "$here/model-more-features.yaml"
follow 4
kubectl apply -f "$here/policy.yaml"
policy=onc-302-watch

# The trainer that simulates patients: as it was compiled for the image, else compiled now.
trainer=target/$(rustc -vV | sed -n 's/^host: //p')/release/dropout-trainer
if [ ! -x "$trainer" ]; then cargo build --quiet --locked -p dropout-trainer; trainer=target/debug/dropout-trainer; fi

# send_cohort FIRST SCENARIO FROM..TO UNTIL: 1,200 patients come, are asked about at each landmark day, and what became of
# them is told.
send_cohort() {
  "$trainer" simulate --scenario "$2" --first "$1" --patients 1200 --seed "$1" --enrolled "$3" --until "$4" \
    --out "$out/cohort.csv" --requests "$out/requests" --outcomes "$out/outcomes" 2>/dev/null
  [ -n "$own" ] || forward_port
  echo "   1,200 patients, enrolled $3: POST /predict for each landmark day, then POST /v1/outcomes"
  API_KEY=$key "$cluster" post "$port" /predict "$out/requests" | sed 's/^/     \/predict: /'
  API_KEY=$key "$cluster" post "$port" /v1/outcomes "$out/outcomes" | sed 's/^/     \/v1\/outcomes: /'
}

of_policy() { kubectl -n "$namespace" get retrainpolicy "$policy" -o jsonpath="$1"; }

# until_policy PATH PATTERN: tells what the policy says until the field matches.
until_policy() {
  local end=$((SECONDS + 300)) line found
  while :; do
    line=$(of_policy '{.status.triggers[0].state}{": "}{.status.triggers[0].message}')
    case "$told" in *"<$line>"*) ;; *) told="$told<$line>"; printf '   %s\n' "$line" ;; esac
    found=$(of_policy "$1")
    # shellcheck disable=SC2254 # the pattern is meant as one
    case "$found" in $2) return ;; esac
    [ "$SECONDS" -lt "$end" ] || fail "nothing more happened within 5 minutes: kubectl -n $namespace describe retrainpolicy $policy"
    sleep 1
  done
}
told=''

# breach_twice FIRST SCENARIO FROM..TO UNTIL: two cohorts, so that two windows in a row drift; then the training that is asked for.
breach_twice() {
  local before
  before=$(of_policy '{.status.triggers[0].fired.version}')
  send_cohort "$1" "$2" "$3" "$4"
  until_policy '{.status.triggers[0].consecutive}' '1'
  send_cohort $(($1 + 1200)) "$2" "$3" "$4"
  until_policy "{.status.triggers[0].fired.version}" "v*"
  while [ "$(of_policy '{.status.triggers[0].fired.version}')" = "$before" ]; do
    until_policy '{.status.triggers[0].state}' 'Fired'
    sleep 1
  done
  version=$(of_policy '{.status.triggers[0].fired.version}')
}
production() { kubectl -n "$namespace" get dropoutmodel "$model" -o jsonpath='{.status.production.name}'; }

say "11. A region goes over to remote visits and adherence falls: drift, twice; the policy asks for a training"
breach_twice 5001 remote-region 2026-07-01..2026-08-15 2026-09-30
follow "${version#v}"
served=$version
[ "$(production)" = "$served" ] || fail "$served was not promoted: kubectl -n $namespace describe dropoutmodel $model"
echo "   $served learned from the new cohort, was judged on held out patients that v2 has never seen, and is production"

say "12. Older patients come, from other sites: the inputs move again, but what they mean does not; the candidate is refused"
until_policy '{.status.monitor.last.version}' "$served"
breach_twice 9001 harmless-drift 2026-10-01..2026-10-08 2026-11-20
follow "${version#v}"
[ "$(production)" = "$served" ] || fail "$version was promoted, which was not to be expected"
echo "   $version is not better than $served beyond doubt, so $served goes on serving"
echo
kubectl -n "$namespace" get retrainpolicies -o wide
if [ -n "$folder" ]; then
  rm -rf "$out/drift-reports"
  cp -r "$folder/store/$namespace/$model/drift" "$out/drift-reports"
  echo "   the drift reports, a folder a window: $out/drift-reports/*/report.html"
else
  echo "   the drift reports: drift/*/report.html in the model's folder of the claim, store/$namespace/$model"
fi

say "Done. The cluster stays up. Try next"
[ -z "$folder" ] || echo "  export KUBECONFIG=$KUBECONFIG PATH=$(dirname "$(command -v kubectl)"):\$PATH"
echo "  kubectl -n $namespace describe dropoutmodel $model"
echo "  kubectl -n $namespace describe retrainpolicy $policy    why it did and did not train"
echo "  kubectl -n $namespace get events --sort-by=.lastTimestamp"
echo "  kubectl -n $namespace annotate --overwrite dropoutmodel $model trialops.dev/rollback-to=previous@\$(date -u +%Y-%m-%dT%H:%M:%SZ)"
[ -z "$own" ] || echo "  curl http://127.0.0.1:$port/predict -H 'x-api-key: $key' -H 'content-type: application/json' -d '$body'"
[ -z "$folder" ] || echo "  ls $folder/store/$namespace/$model/reports    the evaluation reports"
if [ -n "$own" ]; then echo "  make cluster-down    end it and remove every trace"; fi
