package main

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

const coordinatedRun = "2b9c72011d13ef2c"

// collecting is a process that waits for the shards of a run, at an address.
func collecting(t *testing.T, flags ...string) (c *command, url, token string) {
	token = write(t, "token", "0123456789abcdef0123456789abcdef\n")
	c = loadtrace(t, append([]string{"merge", "--listen", "127.0.0.1:0", "--shards", "2", "--run-id", coordinatedRun, "--token-file", token, "--json"}, flags...)...)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	c.Stderr = w
	require.NoError(t, c.Start())
	require.NoError(t, w.Close())
	lines := bufio.NewReader(r)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	_, address, ok := strings.Cut(strings.TrimSpace(first), " at ")
	require.True(t, ok, first)
	rest := make(chan struct{})
	go func() { defer close(rest); lines.WriteTo(&c.err) }()
	t.Cleanup(func() { <-rest; r.Close() })
	return c, "http://" + address, token
}

// coordinated starts a shard of a run that begins in some seconds.
func coordinated(t *testing.T, shard, plan, url, token string, begin time.Time, flags ...string) *command {
	c := loadtrace(t, append(append([]string{"run", plan, "--shard", shard, "--run-id", coordinatedRun, "--start-at", begin.Format(time.RFC3339Nano),
		"--coordinate", url, "--token-file", token}, trustAll...), flags...)...)
	require.NoError(t, c.Start())
	return c
}

func TestACollectorGivesTheVerdictOnItsShards(t *testing.T) {
	tg := newTestTarget(t)
	plan := writePlan(t, tg.url, "[{constant: 200/s, count: 100}]")
	c, url, token := collecting(t)
	begin := time.Now().Add(4 * time.Second)
	// One shard breaches what the whole run does not: it has a tenth of the requests late.
	first := coordinated(t, "0/2", plan, url, token, begin)
	second := coordinated(t, "1/2", plan, url, token, begin)
	first.wait(t, 0)
	second.wait(t, 0)
	c.wait(t, 0)
	s := c.summary(t)
	requireValid(t, c.out.Bytes())
	assert.EqualValues(t, 100, s.Total.Requests.OK)
	assert.Len(t, s.Shards, 2)
	assert.Equal(t, verdict.Sound, s.Verdict.Verdict)
}

func TestAThresholdThatAllShardsBreachTogetherEndsThemAll(t *testing.T) {
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	t.Cleanup(bad.Close)
	plan := writePlan(t, bad.URL, "[{constant: 50/s, duration: 10m}]")
	c, url, token := collecting(t)
	begin := time.Now().Add(4 * time.Second)
	thresholds := "thresholds=[{metric: error_ratio, at_most: 1%, abort: {after: 2s}}]"
	var shards []*command
	for _, shard := range []string{"0/2", "1/2"} {
		shards = append(shards, coordinated(t, shard, plan, url, token, begin, "--set", thresholds))
	}
	c.wait(t, exitBreached)
	s := c.summary(t)
	requireValid(t, c.out.Bytes())
	assert.Equal(t, verdict.Fail, s.Verdict.Verdict, "%v", s.Verdict.Reasons)
	assert.True(t, s.Verdict.Aborted())
	assert.Equal(t, "in the whole run, the threshold error ratio at most 1% was breached for 2s", s.StopReason)
	assert.Empty(t, s.Verdict.Unknown)
	for _, shard := range shards {
		shard.wait(t, 0)
		own := shard.summary(t)
		assert.Equal(t, summary.Stopped, own.End)
		require.NotNil(t, own.Shard.Ended, "not by its own threshold")
		requireValid(t, shard.out.Bytes())
	}
}

func TestAShardThatCannotRunIsNotWaitedFor(t *testing.T) {
	tg := newTestTarget(t)
	plan := writePlan(t, tg.url, "[{constant: 200/s, count: 100}]")
	c, url, token := collecting(t)
	begin := time.Now().Add(4 * time.Second)
	good := coordinated(t, "0/2", plan, url, token, begin)
	failed := coordinated(t, "1/2", plan, url, token, begin, "--set", "attacks[0].http.url=nowhere")
	failed.wait(t, 2)
	good.wait(t, 0)
	c.wait(t, exitUndecided)
	s := c.summary(t)
	require.Len(t, s.Verdict.Reasons, 2)
	assert.Equal(t, "1 of 2 shards are missing: shard 1/2", s.Verdict.Reasons[0])
	assert.Contains(t, s.Verdict.Reasons[1], "shard 1/2: it failed: ")
}

func TestFlagsOfACollectorAreChecked(t *testing.T) {
	token, short := write(t, "token", "0123456789abcdef"), write(t, "short", "x")
	plan := writePlan(t, "http://"+closedPort, "[{constant: 1/s, count: 1}]")
	later := time.Now().Add(time.Hour).Format(time.RFC3339)
	for want, args := range map[string][]string{
		"--shards: 0: write how many":       {"merge", "--listen", "127.0.0.1:0", "--run-id", coordinatedRun, "--token-file", token},
		"--token-file: is missing; write a": {"merge", "--listen", "127.0.0.1:0", "--run-id", coordinatedRun, "--shards", "2"},
		"write at least 16":                 {"merge", "--listen", "127.0.0.1:0", "--run-id", coordinatedRun, "--shards", "2", "--token-file", short},
		"--run-id: ":                        {"merge", "--listen", "127.0.0.1:0", "--shards", "2", "--token-file", token},
		"--listen: ":                        {"merge", "--listen", hostile, "--shards", "2", "--token-file", token, "--run-id", coordinatedRun},
		"--listen takes no files":           {"merge", "--listen", "127.0.0.1:0", "x.json"},
		"--shard: is missing":               {"run", plan, "--coordinate", "http://h", "--token-file", token},
		"is of no use without --coordinate": {"run", plan, "--token-file", token},
		"--coordinate needs the secret":     {"run", plan, "--coordinate", "http://h"},
		"--coordinate: it is not a URL":     {"run", plan, "--coordinate", hostile, "--token-file", token, "--shard", "0/2", "--run-id", coordinatedRun, "--start-at", later},
	} {
		c := loadtrace(t, args...)
		c.run(t, 2)
		assert.Contains(t, c.err.String(), want)
		c.plain(t)
	}
}
