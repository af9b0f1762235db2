#!/usr/bin/env bash
# vegeta v12.13.0, targets in the http format: a comment between two targets without
# headers hides the second target.
#
# Vegeta's README says that lines starting with # are ignored, and that a target
# without headers needs no empty line after it. Both hold alone. Together, the
# comment below the first target makes the reader expect headers, and the line
# "GET http://127.0.0.1/two" becomes a header of the first target, named "GET http",
# with the value "//127.0.0.1/two". There is no error; /two is never attacked. As
# net/http refuses a header name with a space, requests to /one fail instead.
#
# Output seen:
#
#     without a comment: 2 targets
#     GET http://127.0.0.1/one map[]
#     GET http://127.0.0.1/two map[]
#     with a comment: 1 target
#     GET http://127.0.0.1/one map[GET http:[//127.0.0.1/two]]
#
# Exits 0 if vegeta still behaves so, 1 if it has changed.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > go.mod <<'MOD'
module finding

go 1.24

require github.com/tsenart/vegeta/v12 v12.13.0
MOD

cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func read(what, file string) int {
	targets, err := vegeta.ReadAllTargets(vegeta.NewHTTPTargeter(strings.NewReader(file), nil, nil))
	if err != nil {
		fmt.Println(what, err)
		os.Exit(1)
	}
	noun := "targets"
	if len(targets) == 1 {
		noun = "target"
	}
	fmt.Printf("%s: %d %s\n", what, len(targets), noun)
	for _, t := range targets {
		fmt.Println(t.Method, t.URL, t.Header)
	}
	return len(targets)
}

func main() {
	without := read("without a comment", "GET http://127.0.0.1/one\nGET http://127.0.0.1/two\n")
	with := read("with a comment", "GET http://127.0.0.1/one\n# the second\nGET http://127.0.0.1/two\n")
	if without != 2 || with != 1 {
		fmt.Println("changed")
		os.Exit(1)
	}
}
GO

go mod tidy >/dev/null 2>&1
go run .
