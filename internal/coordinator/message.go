package coordinator

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// State of a shard.
type State string

const (
	Waiting State = "waiting" // for the run to begin
	Running State = "running"
	Done    State = "done"   // the report has the final summary
	Failed  State = "failed" // it has no summary, and will have none
)

// Report is what a shard sends, to PathOf its run and index.
type Report struct {
	State State  `json:"state"`
	Count int    `json:"count"` // of shards
	Error string `json:"error,omitempty"`
	// Summary is of the requests until now, or of all if the shard is done.
	Summary *summary.Summary `json:"summary,omitempty"`
}

// Answer is what the collector sends back.
type Answer struct {
	// Stop, if it is set, is why the shard is to stop.
	Stop *summary.WholeStop `json:"stop,omitempty"`
	// Watching: the collector knows the whole run, and holds it against its thresholds.
	Watching bool `json:"watching"`
	// Interval is when to report next, in milliseconds.
	Interval int64 `json:"interval_ms"`
}

// Bounds of what is sent.
const (
	maxReport = 64 << 20 // bytes
	maxAnswer = 64 << 10
	maxToken  = 4096
	minToken  = 16
	maxError  = 1000 // bytes of Report.Error that are kept
)

const (
	interval = time.Second
	// silence is after how long without a report a shard is given up.
	silence = 30 * time.Second
)

// PathOf is where a shard of a run reports.
func PathOf(run string, index int) string { return fmt.Sprintf("/v1/runs/%s/shards/%d", run, index) }

// ReadToken reads the secret that the shards and the collector share.
func ReadToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text := make([]byte, maxToken+1)
	n, _ := f.Read(text)
	token := strings.TrimSpace(string(text[:n]))
	switch {
	case n > maxToken:
		return "", fmt.Errorf("%s is longer than %d bytes", path, maxToken)
	case len(token) < minToken:
		return "", fmt.Errorf("%s has a token of %d characters; write at least %d, for instance of openssl rand -hex 16", path, len(token), minToken)
	}
	for _, c := range token {
		if c <= ' ' || c > '~' {
			return "", fmt.Errorf("%s has a character that no token has; write letters and digits, for instance of openssl rand -hex 16", path)
		}
	}
	return token, nil
}

func allowed(r *http.Request, token string) bool {
	given := r.Header.Get("Authorization")
	return subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+token)) == 1
}
