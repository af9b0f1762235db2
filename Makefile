# What developers run often. Everything that must hold is in .ci/run.

# The tags of the whole distribution, as builder-config.yaml has them.
TAGS := $(shell sed -n 's/^ *build_tags: *//p' builder-config.yaml)

.PHONY: test demo generate bench bench-join bench-loki bench-e2e build stack targets

test:
	go test ./...

demo:
	go run ./cmd/loadtrace demo

build:
	go build -trimpath -tags $(TAGS) -ldflags='-s -w' -o bin/loadtrace ./cmd/loadtrace

generate:
	go generate ./...

# Takes about 25 minutes; needs two processors, taskset, nginx and wrk.
bench:
	go build -o bin/bench ./internal/bench
	bin/bench soak
	bin/bench memory
	bin/bench vegeta
	bin/bench ghz
	bin/bench lag
	bin/bench tax
	bin/bench exporter
	bin/bench late
	$(MAKE) bench-join

# The join beside contrib's processors, on one processor; about 5 minutes.
bench-join:
	go test -run '^$$' -bench . -benchtime 4x -cpu 1 -timeout 20m ./internal/joinbench

# Builds a real Loki at first (minutes).
bench-loki:
	go test -tags stack -run '^$$' -bench RealLoki -benchtime 40x -timeout 20m ./processor/tracejoinprocessor/internal/logsource

# Everything on this machine at 2,000 requests per second: how soon each request is
# in each back end, and what is lost when each is away for a minute. Takes about 15
# minutes, on a machine with nothing else to do; builds real servers at first.
bench-e2e:
	go test -c -tags stack -o bin/e2e.test ./internal/e2e
	cd internal/e2e && ../../bin/e2e.test -test.v -test.run Arrives -alone -rate 2000 -duration 60s -samples 60
	cd internal/e2e && for gone in jaeger loki prometheus; do \
		../../bin/e2e.test -test.v -test.run Away -alone -rate 2000 -away 60s -between 20s -stopped $$gone || exit; done

# Real Prometheus, Loki and Jaeger on loopback; see deploy/stack/README.md.
stack:
	go run ./deploy/stack up

# Against services that nobody here wrote; see docs/targets.md. Needs the Go module
# proxy, Node 20, npm and its registry; builds them at first, which takes about 25
# minutes of two processors. Takes 9 minutes after that, beside other work too.
targets:
	go test -tags targets -count 1 -v -timeout 90m ./internal/targets
