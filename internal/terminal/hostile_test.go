package terminal

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/calibrate"
	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Whatever stands in a field, also of a summary that a stranger wrote, is text on every
// page. A reason of a megabyte once was a page of a megabyte.
func TestNoPageIsMoreThanText(t *testing.T) {
	for _, hostile := range plaintexttest.Texts {
		for n, o := range []Options{{}, {Width: 100, ASCII: true}, {Width: 40}} {
			for i, make := range []func() summary.Summary{
				severalAttacks, failures, bothProtocols, dead, unauthorized, stoppedEarly, faults, nothingSent, closedLoop, breached, untrusted,
			} {
				if i%3 != n {
					continue
				}
				t.Run(strconv.Itoa(i), func(t *testing.T) {
					s, other := make(), make()
					plaintexttest.Fill(&s, hostile)
					plaintexttest.Check(t, text(func(b *bytes.Buffer) { Summary(b, s, o) }))
					for _, answer := range []environment.Answer{environment.Same, environment.Unknown, environment.Different} {
						c := summary.Comparability{Answer: answer, Obstacles: []string{hostile}, Notes: []string{hostile}, Pairs: []summary.Pair{{}}}
						if len(s.Attacks) > 0 {
							plaintexttest.Check(t, text(func(b *bytes.Buffer) { Comparison(b, &s, &other, c, o) }))
						}
					}
				})
			}
			for _, spans := range [][]Span{goodTrace(), strangeTrace(), joinedTrace(), partTrace()} {
				filled := bent(spans, hostile)
				plaintexttest.Check(t, treeText(filled, o))
				plaintexttest.Check(t, explained(filled, o))
			}
			s := diagnosed()
			plaintexttest.Fill(&s, hostile)
			plaintexttest.Check(t, text(func(b *bytes.Buffer) { Findings(b, &s, o) }))
			plaintexttest.Check(t, text(func(b *bytes.Buffer) { Summary(b, s, o) }))
			r := measuredLadder()
			plaintexttest.Fill(&r, hostile)
			plaintexttest.Check(t, text(func(b *bytes.Buffer) { Ladder(b, &r, o) }))
			c := calibrate.Result{Case: "x", Faults: []string{"x"}}
			plaintexttest.Fill(&c, hostile)
			plaintexttest.Check(t, text(func(b *bytes.Buffer) { Calibration(b, &c, o) }))

			progress := LadderProgress{Name: hostile, Last: hostile, Round: 1, Rounds: 2, Runs: 4, Done: 1}
			plaintexttest.Check(t, fmt.Sprint(LadderBar(progress, o)))
			plaintexttest.Check(t, LadderLine(progress, o))
			shot := underWay()
			plaintexttest.Fill(&shot, hostile)
			plaintexttest.Check(t, Line(shot, o))
			plaintexttest.Check(t, Bar(shot, o))
		}
	}
}

// bent are spans whose words are hostile, but for what they are found by.
func bent(spans []Span, hostile string) []Span {
	bent := make([]Span, len(spans))
	for i, s := range spans {
		s.Service, s.Name, s.Error, s.Trace = hostile, hostile, hostile, hostile
		s.Attributes = append([]Attribute(nil), s.Attributes...)
		for j := range s.Attributes {
			if a := &s.Attributes[j]; a.Value != "" && (a.Value[0] < '0' || a.Value[0] > '9') {
				a.Value = hostile
			}
		}
		s.Events = append([]Event(nil), s.Events...)
		for j := range s.Events {
			e := &s.Events[j]
			e.Attributes = append([]Attribute(nil), e.Attributes...)
			for k := range e.Attributes {
				e.Attributes[k].Value = hostile
			}
		}
		bent[i] = s
	}
	return bent
}
