package archive

import (
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// SchemaVersion is the version of the archive's files. A reader refuses later ones. New
// keys and columns do not change it.
const SchemaVersion = 1

// Info is the content of run.json.
type Info struct {
	// SchemaVersion is the version of this document and of the files beside it.
	SchemaVersion int `json:"schema_version"`
	// Loadtrace is the version of what wrote the archive.
	Loadtrace string `json:"loadtrace"`
	RunID     string `json:"run_id"`
	// Shard is which shard of the run the archive is of; absent if it is the whole.
	Shard *Shard    `json:"shard,omitempty"`
	Began time.Time `json:"began"`
	// Complete reports whether the archive has all that it was given: its writer came to
	// its end, and nothing was dropped.
	Complete bool `json:"complete"`
	// Incomplete is why it has not, a sentence each.
	Incomplete []string `json:"incomplete,omitempty"`

	// Name is the plan's, Plan the plan as YAML, without secrets.
	Name    string   `json:"name"`
	Plan    string   `json:"plan"`
	Attacks []Attack `json:"attacks"`
	// Environment is what the generator ran in, as known when the run began.
	Environment environment.Environment `json:"environment"`
	// Summary is the result of the run with its thresholds, verdict and findings; absent until
	// the run has ended.
	Summary *summary.Summary `json:"summary,omitempty"`
	// Rows is what was written and what was dropped.
	Rows Rows `json:"rows"`
}

// Shard is one of Count that run one plan together.
type Shard struct {
	Index int `json:"index"` // from 0
	Count int `json:"count"`
}

// Unclosed reports whether the writer of the archive has not come to its end: it is at
// work, or was killed.
func (i *Info) Unclosed() bool { return slices.Contains(i.Incomplete, underWay) }

// Attack is one of the plan's.
type Attack struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"` // http or grpc
	// Stages are the names of the stages; empty where the plan gives none.
	Stages []string `json:"stages"`
}

// Rows counts what an archive was given.
type Rows struct {
	Requests int64 `json:"requests"` // rows written to requests.parquet
	Joined   int64 `json:"joined"`   // of those, rows with what the join knows
	Runtime  int64 `json:"runtime"`
	Logs     int64 `json:"logs"`
	// RequestsDropped and the others are what was dropped: over a limit, or since it
	// could not be written.
	RequestsDropped int64 `json:"requests_dropped,omitempty"`
	JoinedDropped   int64 `json:"joined_dropped,omitempty"`
	RuntimeDropped  int64 `json:"runtime_dropped,omitempty"`
	LogsDropped     int64 `json:"logs_dropped,omitempty"`
}
