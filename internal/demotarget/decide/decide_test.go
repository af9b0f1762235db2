package decide

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/demotarget/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var grants = []policy.Grant{{Action: "read", Resource: "orders/*"}, {Action: "admin", Resource: "users/*"}}

func each(t *testing.T, do func(t *testing.T, p Pool)) {
	for name, make := range map[string]func() Pool{
		"single":  func() Pool { return NewSingle() },
		"sharded": func() Pool { return NewSharded() },
	} {
		t.Run(name, func(t *testing.T) {
			p := make()
			defer p.Close()
			do(t, p)
		})
	}
}

func TestAnActionIsAllowedByTheGrantsThatMatchIt(t *testing.T) {
	each(t, func(t *testing.T, p Pool) {
		for _, c := range []struct {
			action, resource string
			by               []policy.Grant
		}{
			{"read", "orders/17", grants[:1]},
			{"write", "orders/17", nil},
			{"read", "orders/17/items", nil},
			{"delete", "users/1", grants[1:]},
		} {
			d, err := p.Decide(t.Context(), Question{Subject: "s", Action: c.action, Resource: c.resource, Grants: grants})
			require.NoError(t, err)
			assert.Equal(t, c.by, d.By, c)
			assert.Equal(t, c.by != nil, d.Allowed, c)
		}
	})
}

func TestAPatternThatIsNoneAllowsNothing(t *testing.T) {
	d := decide(Question{Action: "read", Resource: "[", Grants: []policy.Grant{{Action: "read", Resource: "["}}})
	assert.False(t, d.Allowed)
}

func TestEveryQuestionIsCountedOnceHoweverManyAskAtOnce(t *testing.T) {
	const askers, questions = 64, 200
	each(t, func(t *testing.T, p Pool) {
		var wg sync.WaitGroup
		for a := range askers {
			wg.Go(func() {
				for range questions {
					d, err := p.Decide(t.Context(), Question{Subject: fmt.Sprint(a % 7), Action: "read", Resource: "orders/1", Grants: grants})
					assert.NoError(t, err)
					assert.True(t, d.Allowed)
				}
			})
		}
		wg.Wait()
		total := uint64(0)
		for s := range 7 {
			d, err := p.Decide(t.Context(), Question{Subject: fmt.Sprint(s)})
			require.NoError(t, err)
			total += d.Asked
		}
		assert.EqualValues(t, askers*questions+7, total)
	})
}

// With one subject all work is one shard's. That the others take part is what
// stealing is for.
func TestWorkersStealFromABusyShard(t *testing.T) {
	p := NewSharded()
	defer p.Close()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 500 {
				_, err := p.Decide(t.Context(), Question{Subject: "one", Action: "read", Resource: "orders/1", Grants: grants})
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.Positive(t, p.stolen.Load())
}

func TestWhoeverGoesAwayIsNotAnswered(t *testing.T) {
	each(t, func(t *testing.T, p Pool) {
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 100 {
			// Either the answer or the end of the context may be first.
			if _, err := p.Decide(gone, Question{Subject: "gone"}); err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			d, err := p.Decide(t.Context(), Question{Subject: "there", Action: "read", Resource: "orders/1", Grants: grants})
			require.NoError(t, err)
			require.True(t, d.Allowed, "an answer to somebody else")
		}
	})
}

func TestAPoolThatIsClosedSaysSoToThoseWhoStillAsk(t *testing.T) {
	for _, p := range []Pool{NewSingle(), NewSharded()} {
		p.Close()
		for range 2 * queueSize { // more than any queue takes
			_, err := p.Decide(t.Context(), Question{Subject: "late"})
			require.ErrorIs(t, err, ErrClosed)
		}
	}
}

func TestATableThatIsFullBeginsAgain(t *testing.T) {
	counts := table{}
	for i := range maxSubjects {
		counts.count(fmt.Sprint(i))
	}
	assert.EqualValues(t, 1, counts.count("new"))
	assert.Len(t, counts, 1)
}
