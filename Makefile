# What developers run often. Everything that must hold is in .ci/run.

# The tags of the whole distribution, as builder-config.yaml has them.
TAGS := $(shell sed -n 's/^ *build_tags: *//p' builder-config.yaml)

.PHONY: test demo generate bench build

test:
	go test -tags lean ./...

demo:
	go run -tags lean ./cmd/loadtrace demo

build:
	go build -trimpath -tags $(TAGS) -ldflags='-s -w' -o bin/loadtrace ./cmd/loadtrace

generate:
	go generate ./...

# Takes about 20 minutes; needs two processors, taskset, nginx and wrk.
bench:
	go build -o bin/bench ./internal/bench
	bin/bench soak
	bin/bench memory
	bin/bench vegeta
	bin/bench ghz
	bin/bench lag
	bin/bench exporter
	bin/bench late
