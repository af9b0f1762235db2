package planfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// A plan with two thousand million workers made them all, before it heard of any signal.
func TestAbsurdNumbersAreRefusedWithTheLimit(t *testing.T) {
	const at = "attacks[0]."
	for _, c := range []struct{ attack, key, what string }{
		{"workers: 2000000000, max_workers: 2000000000", "workers", "2000000000 is more than 100000; write at most 100000, such as 10"},
		{"max_workers: 100001", "max_workers", "100001 is more than 100000; write at most 100000, such as 10000"},
		{"workers: 100000, max_workers: 100000", "", ""},
		{"http: {url: 'http://h', connections: 2000000000}", "http.connections", "2000000000 is more than 100000; write at most 100000, such as 100"},
		{"http: {url: 'http://h', max_connections: 100001}", "http.max_connections", "100001 is more than 100000; write at most 100000, such as 100, or 0 for no limit"},
		{"http: {url: 'http://h', redirects: 1001}", "http.redirects", "1001 is more than 1000; write at most 1000, such as 10, or 0 to follow none"},
		{"http: {url: 'http://h', connections: 100000, max_connections: 100000, redirects: 1000}", "", ""},
		{"grpc: {target: 'h:1', method: p.S/M, connections: 10001}", "grpc.connections", "10001 is more than 10000; write at most 10000, such as 4"},
		{"grpc: {target: 'h:1', method: p.S/M, stream: {messages: 2000000000}}", "grpc.stream.messages",
			"2000000000 is more than 100000000; write at most 100000000, such as 10, or leave it out to send the list once"},
		{"grpc: {target: 'h:1', method: p.S/M, connections: 10000, stream: {messages: 100000000}}", "", ""},
		{"load: [{max: {workers: 2000000000}, count: 1}]", "load[0].max.workers", "2000000000 is more than the attack's max_workers, 10000; raise max_workers or lower workers"},
	} {
		if !strings.Contains(c.attack, "load") {
			c.attack += ", load: [{constant: 1/s, count: 1}]"
		}
		if !strings.Contains(c.attack, "grpc") && !strings.Contains(c.attack, "http") {
			c.attack += ", http: {url: 'http://h'}"
		}
		_, err := planfile.Parse("plan.yaml", []byte("attacks: [{"+c.attack+"}]"))
		if c.key == "" {
			assert.NoError(t, err, c.attack)
			continue
		}
		assert.ErrorContains(t, err, at+c.key+": "+c.what, c.attack)
	}
}

// A thousand attacks of a hundred thousand workers each are as absurd as one of all those.
func TestAllAttacksTogetherKeepToTheLimit(t *testing.T) {
	attacks := func(n int, each string) string {
		var b strings.Builder
		b.WriteString("attacks:\n")
		for i := range n {
			fmt.Fprintf(&b, "- {name: a%d, %s}\n", i, each)
		}
		return b.String()
	}
	const http, grpc, load = "http: {url: 'http://h'}, ", "grpc: {target: 'h:1', method: p.S/M, connections: 4000}, ", "load: [{constant: 1/s, count: 1}]"
	for _, c := range []struct {
		n          int
		each, want string
	}{
		{1000, http + load, ""},
		{10, http + "workers: 10000, " + load, ""},
		{11, http + "workers: 10000, " + load, "12:49: attacks[10].workers: with those of the attacks before there are 110000 workers at the start, more than 100000; lower workers, here or there"},
		{11, http + "load: [{max: {workers: 10000}, count: 1}]", "12:3: attacks[10].workers: with those of the attacks before there are 110000 workers"},
		{2, grpc + load, ""},
		{9, grpc + load, "4:64: attacks[2].grpc.connections: with those of the attacks before there are 12000, more than 10000; lower connections, here or there"},
	} {
		_, err := planfile.Parse("plan.yaml", []byte(attacks(c.n, c.each)))
		if c.want == "" {
			assert.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "plan.yaml:"+c.want)
		assert.NotContains(t, err.Error(), "\n", "told once")
	}
}

func TestAFileBeyondItsLimitIsAFaultOfThePlan(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	f, err := os.Create(large)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(2<<30)) // of nothing
	require.NoError(t, f.Close())
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	const load, rpc = ", load: [{constant: 1/s, count: 1}]}]", "grpc: {target: 'h:1', method: p.S/M, "
	for _, c := range []struct{ attack, key, most string }{
		{"http: {url: 'http://h', body_file: FILE}", "http.body_file", "128 MiB"},
		{"http: {targets: {file: FILE}}", "http.targets.file", "256 MiB"},
		{"http: {url: 'http://h', tls: {ca_file: FILE}}", "http.tls.ca_file", "4 MiB"},
		{"http: {url: 'http://h', tls: {cert_file: FILE, key_file: FILE}}", "http.tls.key_file", "4 MiB"},
		{rpc + "proto: FILE}", "grpc.proto", "4 MiB"},
		{rpc + "protoset: FILE}", "grpc.protoset", "64 MiB"},
		{rpc + "data_file: FILE}", "grpc.data_file", "64 MiB"},
		{rpc + "binary_file: FILE}", "grpc.binary_file", "64 MiB"},
		{rpc + "tls: {ca_file: FILE}}", "grpc.tls.ca_file", "4 MiB"},
	} {
		src := "attacks: [{" + c.attack + load
		_, err := planfile.Parse("plan.yaml", []byte(strings.ReplaceAll(src, "FILE", large)))
		assert.ErrorContains(t, err, "attacks[0]."+c.key+": "+large+" is longer than "+c.most+"; name a shorter one")
		_, err = planfile.Parse("plan.yaml", []byte(strings.ReplaceAll(src, "FILE", filepath.Join(dir, "pipe"))))
		assert.NoError(t, err, "a pipe is read when the attack is made ready")
	}
}
