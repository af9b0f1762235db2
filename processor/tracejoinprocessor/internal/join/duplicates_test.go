package join_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// A sender that got no answer sends its spans again; each request once counted twice.
func TestAClientSpanThatComesAgainIsNotAnotherRequest(t *testing.T) {
	for name, form := range map[string]func(join.Input) join.Input{"as it came": func(in join.Input) join.Input { return in }, "encoded": encoded} {
		t.Run(name, func(t *testing.T) {
			shard := join.New(join.Options{Wait: wait, TraceBytes: 1 << 20, KeepAll: true})
			one := func() join.Input {
				in := input([]came{{trace: 1, id: 1}, {trace: 1, id: 2}}, nil, true, true)
				in.Clients[0].ID, in.Clients[1].ID = span(1), span(2)
				return form(in)
			}
			spans, clients := 0, 0
			count := func(left []join.Released) {
				for i := range left {
					spans += left[i].Spans.SpanCount()
					clients += len(left[i].Clients)
					for j := range left[i].Clients {
						assert.Equal(t, 2, left[i].Clients[j].Of.Clients)
					}
				}
			}
			shard.Add(epoch, one())
			shard.Add(epoch.Add(time.Second), one())
			assert.Equal(t, 2, shard.Waiting())
			assert.Equal(t, 2, shard.Duplicates())
			count(shard.Expire(epoch.Add(wait)))
			assert.Equal(t, 2, clients)
			shard.Add(epoch.Add(2*wait), one())
			count(flush(shard))
			assert.Equal(t, 6, spans, "none is lost")
			assert.Equal(t, 2, clients)
			assert.Equal(t, 4, shard.Duplicates())
			assert.Zero(t, shard.Bytes())
			assert.Zero(t, shard.Traces())
		})
	}
}
