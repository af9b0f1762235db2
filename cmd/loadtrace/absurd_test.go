package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAbsurdNumbersAreRefusedByLintValidateAndRunAlike(t *testing.T) {
	plan := "attacks: [{http: {url: 'http://127.0.0.1:1'}, load: [{constant: 1/s, count: 1}], workers: 2000000000, max_workers: 2000000000}]"
	config := write(t, "collector.yaml", "receivers: {loadgen: {allowed_targets: [127.0.0.1], plan: {"+plan+"}}}\n"+
		"exporters: {nop: {}}\nservice: {pipelines: {traces: {receivers: [loadgen], exporters: [nop]}}}\n")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"run", write(t, "plan.yaml", plan)}, 2, "attacks[0].max_workers: 2000000000 is more than 100000"},
		{[]string{"validate", "--config", config}, 2, "attacks[0].workers: 2000000000 is more than 100000"},
		{[]string{"lint", config}, 97, "100000 workers"},
	} {
		cmd := loadtrace(t, c.args...)
		cmd.run(t, c.code)
		assert.Contains(t, cmd.out.String()+cmd.err.String(), c.want)
	}
}
