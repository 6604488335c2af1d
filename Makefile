# Every recipe is a few plain commands; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
CLUSTER := target/debug/dropout-cluster

.PHONY: help try demo demo-down test test-unit test-api test-node lint bench-learning bench-drift bench-serving generate images cluster-up cluster-down

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

try: ## no cluster, no root: simulate a trial, train, judge, serve, one prediction a tier
	@examples/quickstart/try.sh

demo: ## the whole story on a real Kubernetes node; DATA=file.csv SPEC=model.yaml for your own
	@examples/quickstart/demo.sh

demo-down: cluster-down ## end what the demo left up

test: ## all levels, then one line a level
	@tests/run.sh unit api node

test-unit: ## no cluster: units, simulation, goldens, oracles
	@tests/run.sh unit

test-api: ## a real kube-apiserver with its controllers
	@tests/run.sh api

test-node: ## a real node: images, Helm, pods, real trials
	@tests/run.sh node

bench-learning: ## ours against scikit-learn and XGBoost: time, memory, AUC
	@bench/learning/run.sh

bench-drift: ## ours against Evidently and NannyML: time to a verdict, memory
	@bench/drift/run.sh

bench-serving: ## ours against FastAPI and scikit-learn: requests, latency, memory, start
	@bench/serving/run.sh

lint: ## formatting and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

generate: ## CRDs from the types, config/ from the chart
	@tests/generate.sh

images: ## the four images as OCI archives in target/images
	@tests/images.sh

cluster-up: $(CLUSTER) ## a real single-node Kubernetes on this machine, left running
	@$(CLUSTER) up --level node

cluster-down: $(CLUSTER) ## end it and remove every trace
	@$(CLUSTER) down

.PHONY: $(CLUSTER)
$(CLUSTER):
	@$(CARGO) build --quiet --locked -p dropout-cluster
