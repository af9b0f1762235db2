#!/usr/bin/env bash
# prometheus/common v0.72.0: expfmt writes a label named a:b without quotes, and then cannot
# read it.
#
# By the rules for UTF-8 every name is a label name. Those that are none by the older rules
# are written in quotes: m{"a.b"="v"}. A colon is allowed in the older names of metrics and
# not in those of labels, but the encoder asks one function for both. So a label with a
# colon, and no other odd character, goes out bare in the text format,
# and one such label makes the page unreadable: the parser stops at the colon.
#
# Seen: a_b and a.b are read back, a:b is written as m{a:b="v"} and is a parsing error.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26.0

require (
	github.com/prometheus/client_model v0.6.3
	github.com/prometheus/common v0.72.0
)

require (
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
MOD
cat > main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"os"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func main() {
	changed := false
	for label, want := range map[string]string{"a_b": `m{a_b="v"} 1`, "a.b": `m{"a.b"="v"} 1`, "a:b": `m{a:b="v"} 1`} {
		name, value, one := "m", "v", 1.0
		f := &dto.MetricFamily{Name: &name, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{
			Label: []*dto.LabelPair{{Name: &label, Value: &value}}, Gauge: &dto.Gauge{Value: &one},
		}}}
		var page bytes.Buffer
		if _, err := expfmt.MetricFamilyToText(&page, f); err != nil {
			fmt.Println(label, "is not written:", err)
			os.Exit(1)
		}
		line := string(bytes.Split(page.Bytes(), []byte("\n"))[1])
		parser := expfmt.NewTextParser(model.UTF8Validation)
		_, err := parser.TextToMetricFamilies(&page)
		fmt.Printf("%s: a label name by UTF-8: %t, by the older rules: %t; written as %s; read back: %v\n", label,
			model.UTF8Validation.IsValidLabelName(label), model.LegacyValidation.IsValidLabelName(label), line, err)
		changed = changed || line != want || (err != nil) != (label == "a:b")
	}
	if changed {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
