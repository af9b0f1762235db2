# What developers run often. Everything that must hold is in .ci/run.

# The tags of the whole distribution, as builder-config.yaml has them.
TAGS := $(shell sed -n 's/^ *build_tags: *//p' builder-config.yaml)

.DEFAULT_GOAL := help
.PHONY: help test lint demo build generate docs bench bench-join bench-loki bench-e2e stack interop ci

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## Run the tests, except those against real servers
	go test ./...

lint: ## Check format, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { echo "run gofmt -w on:"; gofmt -l .; exit 1; }
	go vet -tags stack ./...
	go tool staticcheck -tags stack ./...

demo: ## Run the demo
	go run ./cmd/loadtrace demo

build: ## Build bin/loadtrace with every component
	go build -trimpath -tags $(TAGS) -ldflags='-s -w' -o bin/loadtrace ./cmd/loadtrace

generate: ## Write the generated files again
	go generate ./...

docs: ## Run the commands of README, CONTRIBUTING and docs
	.ci/readme

ci: ## Check everything that must hold (long)
	.ci/run

# Takes about 25 minutes; needs two processors, taskset, nginx and wrk.
bench: ## Measure what docs/benchmarks.md claims (25 minutes)
	go build -o bin/bench ./internal/bench
	bin/bench soak
	bin/bench memory
	bin/bench vegeta
	bin/bench ghz
	bin/bench lag
	bin/bench tax
	bin/bench archive
	bin/bench exporter
	bin/bench late
	$(MAKE) bench-join

# On one processor.
bench-join: ## Measure trace_join beside contrib's processors (5 minutes)
	go test -run '^$$' -bench . -benchtime 4x -cpu 1 -timeout 20m ./internal/joinbench

# The first run builds a real Loki, which takes minutes.
bench-loki: ## Measure look-ups of log lines in a real Loki
	go test -tags stack -run '^$$' -bench RealLoki -benchtime 40x -timeout 20m ./processor/tracejoinprocessor/internal/logsource

# Everything on this machine at 2,000 requests per second: how soon each request is
# in each back end, and what is lost when each is away for a minute. Needs a machine
# with nothing else to do; the first run builds real servers.
bench-e2e: ## Measure whole runs with real back ends (15 minutes)
	go test -c -tags stack -o bin/e2e.test ./internal/e2e
	cd internal/e2e && ../../bin/e2e.test -test.v -test.run Arrives -alone -rate 2000 -duration 60s -samples 60
	cd internal/e2e && for gone in jaeger loki prometheus; do \
		../../bin/e2e.test -test.v -test.run Away -alone -rate 2000 -away 60s -between 20s -stopped $$gone || exit; done

# See deploy/stack/README.md.
stack: ## Start real Prometheus, Loki and Jaeger on loopback
	go run ./deploy/stack up

# See docs/interop.md. Needs the Go module proxy, Node 20, npm and its registry. The
# first run builds the services, which takes about 25 minutes of two processors.
interop: ## Test against services that others wrote (9 minutes)
	go test -tags interop -count 1 -v -timeout 90m ./internal/interop
