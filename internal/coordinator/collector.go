package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Options of a Collector.
type Options struct {
	Run   string // the run's id
	Count int    // of shards
	Token string
	// Wait is how long each shard may take to report for the first time.
	Wait time.Duration
	// Note, if set, is told a line when a shard begins, ends or is given up.
	Note func(line string)
}

// Collector takes the reports of the shards of one run. It keeps the last summary of each.
type Collector struct {
	options Options
	server  *http.Server
	served  sync.WaitGroup
	reading chan struct{} // bounds the reports that are read at once

	mu     sync.Mutex // guards what follows
	shards []shard
	whole  *summary.Live // judges the whole run while it goes on
	stop   *summary.WholeStop
	over   bool
	ended  chan struct{} // closed when every shard is over
}

// shard is what is known of one.
type shard struct {
	state State // empty: it has not reported
	heard time.Time
	final *summary.Summary
	lost  string // why there will be no summary, in words
}

func (s *shard) over() bool { return s.final != nil || s.lost != "" }

// Listen starts a collector on a TCP address; Close ends it.
func Listen(ctx context.Context, address string, o Options) (*Collector, error) {
	if o.Count < 1 || o.Count > pace.MaxShards {
		return nil, fmt.Errorf("%d shards: write 1 to %d", o.Count, pace.MaxShards)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := newCollector(o)
	c.server = &http.Server{
		Handler: c, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	c.served.Go(func() { c.server.Serve(listener) })
	o.note("waiting for %d shards of run %s at %s", o.Count, o.Run, listener.Addr())
	return c, nil
}

func newCollector(o Options) *Collector {
	const atOnce = 4
	c := &Collector{
		options: o, reading: make(chan struct{}, atOnce), shards: make([]shard, o.Count),
		whole: summary.NewLive(o.Count), ended: make(chan struct{}),
	}
	now := time.Now()
	for i := range c.shards {
		c.shards[i].heard = now
	}
	return c
}

func (o *Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

// Close stops listening, after the answers under way.
func (c *Collector) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	defer c.served.Wait()
	return errors.Join(c.server.Shutdown(ctx), c.server.Close())
}

// Collect waits until each shard has left its summary, or will leave none: it failed, was
// not heard of for 30 s, or did not report within Options.Wait. It returns the summaries, and
// why there is none of the other shards. The end of ctx ends the wait.
func (c *Collector) Collect(ctx context.Context) (found []summary.Input, lost map[int]string) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for waiting := true; waiting; {
		select {
		case <-c.ended:
			waiting = false
		case <-ctx.Done():
			c.giveUp(func(*shard) string { return "the wait for its summary was ended" })
		case now := <-look.C:
			c.giveUp(c.silent(now))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	lost = map[int]string{}
	for i := range c.shards {
		if s := &c.shards[i]; s.final != nil {
			found = append(found, summary.Input{From: "shard " + c.name(i), Summary: s.final})
		} else {
			lost[i] = s.lost
		}
	}
	return found, lost
}

func (c *Collector) name(index int) string {
	return pace.Shard{Index: index, Count: c.options.Count}.String()
}

// silent says why a shard that is not over is given up, if it is.
func (c *Collector) silent(now time.Time) func(*shard) string {
	return func(s *shard) string {
		quiet := now.Sub(s.heard)
		switch {
		case s.state == "" && quiet >= c.options.Wait:
			return fmt.Sprintf("it did not report within %s", c.options.Wait)
		case s.state != "" && quiet >= silence:
			return fmt.Sprintf("it was %s, and then not heard of for %s", s.state, silence)
		}
		return ""
	}
}

func (c *Collector) giveUp(why func(*shard) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.shards {
		if s := &c.shards[i]; !s.over() {
			if s.lost = why(s); s.lost != "" {
				c.whole.Leave(i)
				c.options.note("shard %s: %s", c.name(i), s.lost)
			}
		}
	}
	c.finish()
}

// finish closes ended when every shard is over. c.mu is held.
func (c *Collector) finish() {
	for i := range c.shards {
		if !c.shards[i].over() {
			return
		}
	}
	if !c.over {
		c.over = true
		close(c.ended)
	}
}

// ServeHTTP implements http.Handler.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !allowed(r, c.options.Token) {
		http.Error(w, "the token is not that of this run", http.StatusUnauthorized)
		return
	}
	index, ok := c.shardOf(r.URL.Path)
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "want POST", http.StatusMethodNotAllowed)
		return
	case !ok:
		http.Error(w, fmt.Sprintf("this collects run %s of %d shards", c.options.Run, c.options.Count), http.StatusConflict)
		return
	}
	select {
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-r.Context().Done():
		return
	}
	var report Report
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err == nil {
		err = json.Unmarshal(body, &report)
	}
	if err == nil {
		err = c.check(index, &report)
	}
	if err != nil {
		http.Error(w, "the report cannot be taken: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(c.take(index, &report, time.Now()))
}

// shardOf is the index of a shard in the path of its reports.
func (c *Collector) shardOf(path string) (int, bool) {
	text, ok := strings.CutPrefix(path, strings.TrimSuffix(PathOf(c.options.Run, 0), "0"))
	index, err := strconv.Atoi(text)
	return index, ok && err == nil && index >= 0 && index < c.options.Count
}

// check refuses a report that is not of its shard.
func (c *Collector) check(index int, r *Report) error {
	s := r.Summary
	switch {
	case r.Count != c.options.Count:
		return fmt.Errorf("it is of one of %d shards, not of %d", r.Count, c.options.Count)
	case s == nil && r.State == Done:
		return errors.New("it is the last one, and has no summary")
	case s == nil:
		return nil
	case s.RunID != c.options.Run:
		return errors.New("its summary is of another run")
	case c.options.Count > 1 && (s.Shard == nil || s.Shard.Index != index || s.Shard.Count != c.options.Count):
		return errors.New("its summary is not that of this shard")
	}
	return nil
}

// take notes a report.
func (c *Collector) take(index int, r *Report, now time.Time) Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.shards[index]
	answer := Answer{Stop: c.stop, Watching: c.whole.Watching(now), Interval: c.interval().Milliseconds()}
	if s.final != nil {
		return answer // it did not hear the answer to its last report
	}
	s.heard, s.lost = now, ""
	if r.State != s.state {
		c.options.note("shard %s is %s", c.name(index), plaintext.Line(string(r.State)))
	}
	s.state = r.State
	switch r.State {
	case Done:
		s.final = r.Summary
		c.whole.Leave(index)
	case Failed:
		s.lost = "it failed: " + shortened(r.Error)
		c.options.note("shard %s: %s", c.name(index), s.lost)
		c.whole.Leave(index)
	}
	if r.State == Running && r.Summary != nil {
		c.watch(index, r.Summary, now)
	}
	c.finish()
	answer.Stop, answer.Watching = c.stop, c.whole.Watching(now)
	return answer
}

// watch holds the whole run against its thresholds. c.mu is held.
func (c *Collector) watch(index int, s *summary.Summary, now time.Time) {
	if err := c.whole.Take(index, s, now); err != nil {
		return // its last summary will be refused for the same reason
	}
	if stop := c.whole.Look(now); stop != nil {
		c.stop = stop
		c.options.note("the run is stopped: %s", plaintext.Line(stop.Reason))
	}
}

// interval is how often each shard is to report, so that many do not keep this busy.
func (c *Collector) interval() time.Duration {
	return max(interval, time.Duration(c.options.Count)*20*time.Millisecond)
}

func shortened(text string) string {
	text = plaintext.Line(text)
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}
