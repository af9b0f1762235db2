package verdict

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// "Do not trust these figures" once left the reader without a next step.
func TestEachDoubtComesWithWhatToDo(t *testing.T) {
	late := Tail{Count: 1000, P90: time.Second, P99: time.Second}
	ok := Attack{Name: "a", Sent: 1000}
	for name, c := range map[string]struct {
		evidence Evidence
		advice   []string
	}{
		"sound":     {Evidence{Attacks: []Attack{ok}}, nil},
		"stopped":   {Evidence{Interrupted: "by hand", Attacks: []Attack{ok}}, []string{adviceOnStop}},
		"lag":       {Evidence{Attacks: []Attack{{Sent: 1, Lag: late}, {Sent: 1, Lag: late, Late: 5}}}, []string{adviceOnLag}},
		"pool":      {Evidence{Attacks: []Attack{{Sent: 1, ConnWait: late}}}, []string{adviceOnConnWait}},
		"throttled": {Evidence{Attacks: []Attack{ok}, Strain: vitals.Strain{CPUThrottled: new(0.5)}}, []string{adviceOnThrottling}},
		"steal":     {Evidence{Attacks: []Attack{ok}, Strain: vitals.Strain{CPUSteal: new(0.5)}}, []string{adviceOnSteal}},
		"latency":   {Evidence{Attacks: []Attack{ok}, Strain: vitals.Strain{SchedulerLatency: new(0.5)}}, []string{adviceOnLatency}},
		"counts":    {Evidence{Attacks: []Attack{ok}, Faults: []string{"1 and 1 make 3"}}, []string{adviceOnCounts}},
		"lost":      {Evidence{Attacks: []Attack{ok}, Faults: []string{"3 spans were lost"}, Lost: true}, []string{adviceOnLoss}},
	} {
		r := Decide(loadgen.Trust{}, &c.evidence, nil)
		assert.Equal(t, c.advice, r.Advice, name)
		assert.Equal(t, c.advice == nil, r.Trusted, name)
	}
	r := Decide(loadgen.Trust{}, &Evidence{Attacks: []Attack{ok}}, nil)
	r.Doubt("the join lost spans")
	r.Doubt("so did the endpoint")
	assert.Equal(t, []string{adviceOnLoss}, r.Advice)
}
