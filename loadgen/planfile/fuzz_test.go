package planfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

func FuzzParse(f *testing.F) {
	examples, err := filepath.Glob("../../examples/plans/*.yaml")
	require.NoError(f, err)
	require.NotEmpty(f, examples)
	for _, path := range examples {
		src, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(src, "attacks[0].http.timeout=5s")
	}
	f.Add([]byte(quick), "attacks.default.load[0]={ramp: {from: 0/s, to: 1/s}, count: 2}")
	f.Add([]byte("attacks: &a [{http: &h {url: 'http://h/', headers: {<<: {A: b}}}, load: [{max: {workers: 1}, count: 3}]}]\nname: ${env:A:-b$$}\n"), "name=${env:HOME}")
	f.Add([]byte("a: \"\\x41\\u00e9\\U0001F600\\\n  x\"\r\n? b\r\n: >-\r\n  c\r\n\r\n  d\n...\n"), "limits={grace: 1s}")
	f.Add([]byte(withGRPC("data: [{a: \"${env:HOME}\", b: [1, x, null]}, {}]")), "attacks.default.grpc.stream={messages: 3, interval: 5ms}")
	f.Add([]byte(quick+"thresholds:\n- {metric: response_time, percentile: 99.9, at_most: 200ms, stage: each, abort: {after: 1s}}\n- {metric: status, status: 5xx, at_most: .5%, window: 2s}\n"), "trust={cpu_steal: 0.05, schedule_lag: 1s}")
	f.Add([]byte(digital), "attacks.0.load.1.constant=1/s")
	f.Add([]byte(digital), "attacks[a].http.headers[Authorization]=x")
	f.Add([]byte(digital), "thresholds[01].at_most=2s")
	vars := env(map[string]string{"HOME": "/home: [$"})
	f.Fuzz(func(t *testing.T, src []byte, set string) {
		for _, opts := range [][]planfile.Option{{vars}, {vars, planfile.Set(set)}} {
			plan, err := planfile.Parse("fuzz.yaml", src, opts...)
			if err != nil {
				require.NotEmpty(t, planfile.Explain(err, src))
				continue
			}
			out, err := planfile.Write(plan)
			require.NoError(t, err)
			again, err := planfile.Parse("elsewhere/fuzz.yaml", out, env(nil))
			require.NoError(t, err, "%s", out)
			require.Equal(t, plan, again, "%s", out)
		}
	})
}
