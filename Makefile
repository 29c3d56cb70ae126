# Everything runs on the Node that package.json pins; Go builds the local control plane.
# A fresh machine needs Node and npm (any version that can install), Go 1.26.7 or newer, make and git.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export GOTOOLCHAIN := local
NODE := node

.PHONY: help
help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# npm writes this file last, so it says whether the tree is whole and new enough.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: demo
demo: node_modules/.package-lock.json ## play the golden path on real programs; SCENE=waves, bluegreen or chain, KEEP=1 leaves it running
	@$(NODE) test/demo/main.ts

.PHONY: test
test: node_modules/.package-lock.json ## checks, unit, property and integration tests; the last line says how many
	@$(NODE) test/run.ts

.PHONY: unit
unit: node_modules/.package-lock.json ## checks and the tests that need no control plane: about a minute
	@$(NODE) test/run.ts --unit

.PHONY: test-argocd
test-argocd: node_modules/.package-lock.json ## Sluice's objects under the real Argo CD, from Git; builds it once, for ten minutes
	@npm run --silent jest -- --selectProjects argocd --maxWorkers=2 --verbose

.PHONY: generate
generate: node_modules/.package-lock.json ## write what is made from the code: crds/ and the chart's CRDs
	$(NODE) test/generate/main.ts

.PHONY: verify
verify: generate ## fail if what is made from the code is not what is committed
	git diff --exit-code -- crds charts policies docs/reference

.PHONY: build
build: node_modules/.package-lock.json ## compile src/ to dist/
	rm -rf dist
	npm run --silent build

.PHONY: image
image: ## build the container image; needs Docker; IMAGE=name:tag, BASE= and BUILD_BASE= are other images to build from
	docker build --tag $(or $(IMAGE),sluice:$(shell sed -n 's/.*"version": "\(.*\)".*/\1/p' package.json)) \
	  $(if $(BASE),--build-arg BASE=$(BASE)) $(if $(BUILD_BASE),--build-arg BUILD_BASE=$(BUILD_BASE)) .

.PHONY: sbom
sbom: node_modules/.package-lock.json ## the packages that image and plugin are made of, as SPDX: dist/sbom.spdx.json
	@mkdir -p dist
	npm sbom --omit dev --sbom-format spdx > dist/sbom.spdx.json

.PHONY: release
release: node_modules/.package-lock.json ## VERSION=x.y.z: build a release and publish it; DRY_RUN=1 builds it and says what would be run
	@$(NODE) release/main.ts

.PHONY: e2e
e2e: node_modules/.package-lock.json ## image and chart in real pods, on a kind cluster; needs Docker
	@$(NODE) e2e/main.ts

.PHONY: e2e-node
e2e-node: node_modules/.package-lock.json ## the same on a real node of this machine, without Docker; needs root and containerd; KEEP=1 leaves it up
	@$(NODE) e2e/node/main.ts

.PHONY: faults
faults: node_modules/.package-lock.json ## break everything, on real programs, and write docs/faults.md; SEED=, ONLY=, CASES=
	@$(NODE) test/faults/main.ts

.PHONY: site
site: node_modules/.package-lock.json ## the documentation as a site: dist/site/index.html
	@rm -rf dist/site
	@$(NODE) node_modules/@11ty/eleventy/cmd.cjs --config=docs/site/eleventy.config.mjs --quiet

.PHONY: bench
bench: build ## B1 to B20 beside Argo Rollouts, into docs/benchmarks.md: over an hour; SHORT=1, ONLY=B3,B5, ROUNDS=, CHECK=1
	@$(NODE) test/bench/main.ts

.PHONY: bench-compare
bench-compare: node_modules/.package-lock.json ## the comparing gate beside fixed limits, in simulation: false alarms and detection; SEED=, RUNS=
	@$(NODE) test/bench/compare.ts

.PHONY: format
format: node_modules/.package-lock.json ## format the code
	npm run --silent format
