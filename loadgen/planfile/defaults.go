package planfile

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// defaultAttack is the name of the only attack of a plan, unless it has another.
const defaultAttack = "default"

// Defaults fills in what a plan leaves out. Keys that are not named here default
// to their type's zero: no body, no redirects followed, no limit of connections
// or of the run's duration, no baggage, the system's trust in certificates, gRPC
// over TLS and without compression, pings or waiting for a connection.
//
// The name of a plan read from a file is the file's, without its ending; one
// that has none is called "plan". An attack may go without a name if it is the
// only one. Nothing is changed that is there already.
func Defaults(p *loadgen.Plan) {
	fill(&p.Name, "plan")
	fill(&p.Order, loadgen.Parallel)
	if p.Sampling == nil {
		p.Sampling = new(1.0)
	}
	fill(&p.Limits.Grace, 500*time.Millisecond)
	fill(&p.Limits.Overrun, 5*time.Second)
	p.Trust = p.Trust.WithDefaults()
	if len(p.Attacks) == 1 {
		fill(&p.Attacks[0].Name, defaultAttack)
	}
	if p.Profiles != nil {
		fill(&p.Profiles.CPU, 2*time.Second)
	}
	for i := range p.Attacks {
		a := &p.Attacks[i]
		for j := range a.Load {
			if random := a.Load[j].Poisson; random != nil {
				fill(&random.Seed, seedOf(a.Name, j))
			}
		}
		fill(&a.Workers, 10)
		fill(&a.MaxWorkers, 10_000)
		if a.HTTP != nil {
			defaultHTTP(a.HTTP)
		}
		if a.GRPC != nil {
			defaultGRPC(a.GRPC)
		}
	}
}

// seedOf is the seed of a Poisson stage that has none, never 0: it follows from the
// attack's name and the stage's number, so that no two stages of a plan send at the same
// times, and the plan sends at the same times whenever it is run, and in every shard.
func seedOf(attack string, stage int) uint64 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s\x00%d", attack, stage)
	return uint64(h.Sum32()) + 1
}

func defaultHTTP(h *loadgen.HTTP) {
	if h.Targets == nil {
		fill(&h.Method, "GET") // targets each have their own
	} else {
		fill(&h.Targets.Format, formatOf(h.Targets.File))
	}
	fill(&h.Protocol, loadgen.ProtocolAuto)
	if h.KeepAlive == nil {
		h.KeepAlive = new(true)
	}
	fill(&h.Connections, 10_000)
	fill(&h.Timeout, 30*time.Second)
	fill(&h.MaxBody, 100<<20)
}

func defaultGRPC(g *loadgen.GRPC) {
	fill(&g.Connections, 1)
	fill(&g.Timeout, 30*time.Second)
}

// formatOf is the format of a targets file by the ending of its name.
func formatOf(file string) loadgen.TargetsFormat {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".json", ".jsonl", ".ndjson":
		return loadgen.TargetsJSON
	}
	return loadgen.TargetsHTTP
}

// fill sets a value that is absent.
func fill[T comparable](value *T, preset T) {
	var absent T
	if *value == absent {
		*value = preset
	}
}
