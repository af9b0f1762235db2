package convert

import (
	"fmt"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/runs/foreign"
)

// Bounds of a survey.
const (
	maxAttacks = 1000 // as of a plan
	maxTargets = 4096 // whose fixed parts are shared
)

// survey is what is known of a file's requests before they are written.
type survey struct {
	attacks    []*attack
	byName     map[string]int
	requests   uint64
	began, end time.Time // first sent, last ended
	all        stretch
	targets    map[target]*loadgen.Target
}

// attack is the requests of one name.
type attack struct {
	stretch
	name string
	rpc  bool
	what string // was asked for by the first request, as the runner has it
	many bool   // others asked for something else
}

// stretch is requests over a time.
type stretch struct {
	requests    uint64
	first, last time.Time // sent
}

type target struct{ method, url string }

func newSurvey() *survey {
	return &survey{byName: map[string]int{}, targets: map[target]*loadgen.Target{}}
}

func (s *survey) add(r *foreign.Request) error {
	i, known := s.byName[r.Attack]
	if !known {
		if i = len(s.attacks); i == maxAttacks {
			return fmt.Errorf("it has more than %d attacks", maxAttacks)
		}
		s.byName[r.Attack] = i
		s.attacks = append(s.attacks, &attack{name: r.Attack, rpc: r.RPC, what: what(r)})
	}
	a := s.attacks[i]
	a.many = a.many || a.what != what(r)
	a.stretch.add(r.Sent)
	s.all.add(r.Sent)
	s.requests++
	if s.began.IsZero() || r.Sent.Before(s.began) {
		s.began = r.Sent
	}
	if end := r.Sent.Add(r.Took); end.After(s.end) {
		s.end = end
	}
	return nil
}

func (s *stretch) add(sent time.Time) {
	if s.requests == 0 || sent.Before(s.first) {
		s.first = sent
	}
	if s.requests == 0 || sent.After(s.last) {
		s.last = sent
	}
	s.requests++
}

// rate is requests per second between the first and the last; 0 if there is no time between
// them.
func (s *stretch) rate() float64 {
	took := s.last.Sub(s.first).Seconds()
	if took <= 0 {
		return 0
	}
	return float64(s.requests-1) / took
}

// target is what the attack was on, for people.
func (a *attack) target() string {
	if a.many {
		return a.what + " and others"
	}
	return a.what
}

// what was asked for, in the words in which our own runs have it, so that the two are
// comparable.
func what(r *foreign.Request) string {
	if !r.RPC {
		return r.Method + " " + r.URL
	}
	address := strings.TrimPrefix(strings.TrimPrefix(r.URL, "grpcs://"), "grpc://")
	host, _, _ := strings.Cut(address, "/")
	return "grpc " + host + " " + r.Method
}

// plan is one of the names alone: what the load was is not known.
func (s *survey) plan(name string) *loadgen.Plan {
	p := &loadgen.Plan{Name: name}
	for i, a := range s.attacks {
		of := loadgen.Attack{Name: plaintext.Line(a.name), Load: []pace.Stage{{}}}
		if of.Name == "" {
			of.Name = fmt.Sprintf("attack %d", i+1)
		}
		if a.rpc {
			of.GRPC = &loadgen.GRPC{}
		} else {
			of.HTTP = &loadgen.HTTP{}
		}
		p.Attacks = append(p.Attacks, of)
	}
	return p
}

// record is a request as far as the file tells. It has no intended time, and no span.
func (s *survey) record(r *foreign.Request) loadgen.Record {
	out := loadgen.Record{
		Attack: s.byName[r.Attack], Unsampled: true, Sent: r.Sent, Done: r.Sent.Add(r.Took),
		Target: s.target(r), Status: r.Status, BytesSent: r.BytesSent, BytesReceived: r.BytesReceived,
	}
	if !r.Answered {
		out.Outcome, out.Error, out.ErrorText = loadgen.Failed, r.Error, r.ErrorText
	}
	return out
}

// target is the fixed part of a request, which others of its kind share.
func (s *survey) target(r *foreign.Request) *loadgen.Target {
	key := target{r.Method, r.URL}
	if t := s.targets[key]; t != nil {
		return t
	}
	if len(s.targets) >= maxTargets {
		clear(s.targets)
	}
	t := &loadgen.Target{Method: r.Method, URL: r.URL, RPC: r.RPC}
	s.targets[key] = t
	return t
}
