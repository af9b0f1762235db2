package coordinator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Target is where a shard reports, and as what.
type Target struct {
	URL   string // of the collector, such as http://loadtrace-merge:4319
	Token string
	Run   string
	Shard pace.Shard
}

// Check finds what is wrong with a URL.
func (t *Target) Check() error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return errors.New("it is not a URL of a collector; write one such as http://loadtrace-merge:4319")
	}
	return nil
}

// Run is the run of a shard, as far as it is reported.
type Run interface {
	// Summary is of the requests until now.
	Summary() *summary.Summary
	// StopFor stops the run in order.
	StopFor(reason string)
}

// Reporter reports for a shard, until End is called, which must be.
type Reporter struct {
	target Target
	client *http.Client
	note   func(string)

	cancel context.CancelFunc
	over   chan struct{}

	mu      sync.Mutex // guards what follows
	run     Run
	stop    *summary.WholeStop
	watched time.Time // when the collector last said that it watches the whole run
	gaps    []gap
}

// gap is a time in which nobody watched the whole run.
type gap struct{ from, to time.Time }

const (
	// maxGaps bounds what is kept of them; the last then grows.
	maxGaps = 100
	// patience is how long the collector may be silent before a shard is by itself.
	patience = 5 * time.Second
)

// Start begins to report. note is told when the collector cannot be reached, and when it can
// be again.
func Start(t Target, note func(line string)) *Reporter {
	return start(t, note, &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConns: 1, IdleConnTimeout: time.Minute})
}

func start(t Target, note func(line string), transport http.RoundTripper) *Reporter {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Reporter{
		target: t, note: note, cancel: cancel, over: make(chan struct{}),
		client: &http.Client{
			Timeout: 10 * time.Second, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	go r.loop(ctx)
	return r
}

// Began has the run's own figures reported from now on, and the run stopped if the collector
// says so.
func (r *Reporter) Began(run Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run, r.watched = run, time.Now()
}

// Watched reports whether the collector watches the whole run, so that this shard need not
// be ended by its own thresholds.
func (r *Reporter) Watched() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.watched) <= patience
}

// Mark notes in the shard's final summary what the collector did.
func (r *Reporter) Mark(s *summary.Summary) {
	r.cancel()
	<-r.over
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Shard == nil || r.run == nil {
		return
	}
	s.Shard.Ended = r.stop
	end := s.Began.Add(s.Elapsed.Duration())
	r.seen(end)
	for _, g := range r.gaps {
		from, to := max(0, g.from.Sub(s.Began)), min(g.to.Sub(s.Began), s.Elapsed.Duration())
		if from < to {
			s.Shard.Unwatched = append(s.Shard.Unwatched, summary.Span{From: summary.Seconds(from.Seconds()), To: summary.Seconds(to.Seconds())})
		}
	}
}

// seen notes that the whole run is watched as of a time. r.mu is held.
func (r *Reporter) seen(now time.Time) {
	switch last := len(r.gaps) - 1; {
	case now.Sub(r.watched) <= patience:
	case len(r.gaps) == maxGaps:
		r.gaps[last].to = now
	default:
		r.gaps = append(r.gaps, gap{r.watched, now})
	}
	r.watched = now
}

func (r *Reporter) loop(ctx context.Context) {
	defer close(r.over)
	next := time.NewTimer(0)
	defer next.Stop()
	quiet := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		answer, err := r.send(ctx, r.progress())
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !quiet:
			quiet = true
			r.note("the collector of the shards is not heard, so this shard goes on by its own thresholds: " + err.Error())
		case err == nil && quiet:
			quiet = false
			r.note("the collector of the shards is heard again")
		}
		wait := interval
		if err == nil {
			wait = min(max(time.Duration(answer.Interval)*time.Millisecond, interval), time.Minute)
			r.obey(answer)
		}
		next.Reset(wait)
	}
}

func (r *Reporter) progress() Report {
	r.mu.Lock()
	run := r.run
	r.mu.Unlock()
	if run == nil {
		return Report{State: Waiting}
	}
	return Report{State: Running, Summary: run.Summary()}
}

// obey stops the run once, if the collector says so.
func (r *Reporter) obey(a Answer) {
	r.mu.Lock()
	run, first := r.run, r.stop == nil && a.Stop != nil
	if run != nil {
		if first {
			r.stop = a.Stop
		}
		if a.Watching {
			r.seen(time.Now())
		}
	}
	r.mu.Unlock()
	if run != nil && first {
		run.StopFor(a.Stop.Reason)
	}
}

// Done ends the reports with the final summary. An error is that the collector did not take
// it, for 30 s.
func (r *Reporter) Done(ctx context.Context, s *summary.Summary) error {
	return r.end(ctx, Report{State: Done, Summary: s}, silence)
}

// Failed ends the reports with the reason that there is no summary. It tries for 5 s: who
// looks at the shard sees the reason there too.
func (r *Reporter) Failed(ctx context.Context, why error) error {
	return r.end(ctx, Report{State: Failed, Error: why.Error()}, patience)
}

func (r *Reporter) end(ctx context.Context, last Report, within time.Duration) error {
	r.cancel()
	<-r.over
	defer r.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		_, err := r.send(ctx, last)
		refused := &refusal{}
		if err == nil || errors.As(err, &refused) && refused.final() {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(interval):
		}
	}
}

// refusal is an answer that is none of a collector that takes the report.
type refusal struct {
	status int
	words  string
}

func (r *refusal) Error() string { return r.words }

// final reports whether the same report will be refused again.
func (r *refusal) final() bool { return r.status >= 400 && r.status < 500 }

func (r *Reporter) send(ctx context.Context, report Report) (a Answer, err error) {
	report.Count = max(1, r.target.Shard.Count)
	body, err := json.Marshal(report)
	if err != nil {
		return a, fmt.Errorf("write the report: %w", err)
	}
	address := strings.TrimSuffix(r.target.URL, "/") + PathOf(r.target.Run, r.target.Shard.Index)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	request.Header.Set("Authorization", "Bearer "+r.target.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return a, err
	case response.StatusCode != http.StatusOK:
		return a, &refusal{response.StatusCode, fmt.Sprintf("%s answered %s: %s", r.target.URL, response.Status, shortened(string(text)))}
	}
	return a, json.Unmarshal(text, &a)
}
