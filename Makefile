# What developers run often. Everything that must hold is in .ci/run.

# The tags of the whole distribution, as builder-config.yaml has them.
TAGS := $(shell sed -n 's/^ *build_tags: *//p' builder-config.yaml)

.PHONY: test demo generate bench bench-join bench-loki build stack

test:
	go test -tags lean ./...

demo:
	go run -tags lean ./cmd/loadtrace demo

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
	go test -tags lean -run '^$$' -bench . -benchtime 4x -cpu 1 -timeout 20m ./internal/joinbench

# Builds a real Loki at first (minutes).
bench-loki:
	go test -tags lean,stack -run '^$$' -bench RealLoki -benchtime 40x -timeout 20m ./processor/tracejoinprocessor/internal/logsource

# Real Prometheus, Loki and Jaeger on loopback; see deploy/stack/README.md.
stack:
	go run -tags lean ./deploy/stack up
