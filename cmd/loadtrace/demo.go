package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

//go:embed demo.yaml
var demoPlan []byte

// storeLimit bounds the traces that are kept for the terminal, in bytes.
const storeLimit = 64 << 20

func newDemo() *cobra.Command {
	var r planRun
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Attack a demo service for 15 seconds and explain a slow request",
		Long: `Start the demo service beside this process, attack it for 15 seconds over HTTP and
gRPC, print the summary, and explain one slow request: the client's phases and the
server's spans as a tree, where its time went, how the service's runtime was, and
what it logged. Nothing else is needed, and nothing is
left running. If this machine is too busy for figures to be trusted, the summary
says so, and the demo goes on.

` + exitCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.stdout, r.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return r.demo(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&r.Set, "set", nil, "replace a value of the demo's plan, as in attacks[0].load[1].duration=60s (repeatable)")
	flags.StringVar(&r.OTLP, "otlp", "", "also send all telemetry to this endpoint: http://host:4318 or grpc://host:4317")
	r.addTo(flags)
	return cmd
}

func (r *planRun) demo(ctx context.Context) error {
	early, stopEarly := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stopEarly()
	dir, err := os.MkdirTemp("", "loadtrace-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // at the end: the run's first event names its files
	r.Signals = signals
	// Held while the service chooses its own ports, which could be the same one otherwise.
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	defer held.Close()
	r.Listen.HTTP = held.Addr().String()
	var said tail
	service, err := startService(early, launch{stderr: &said, flags: []string{"--otlp", "http://" + r.Listen.HTTP, "--log-level", "info"}})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, &said)
	}
	stop := sync.OnceFunc(service.stop)
	defer stop()
	held.Close() // for the collector to listen there
	if r.Plan, err = writeDemo(dir, service.HTTP); err != nil {
		return err
	}
	// Before the user's own, which may replace them.
	r.Set = append([]string{"attacks.unary.grpc.target=" + service.GRPC, "attacks.stream.grpc.target=" + service.GRPC}, r.Set...)
	fmt.Fprintf(r.stderr, "The demo service listens on http://%s and grpc://%s;\nthe collector takes its telemetry on http://%s.\n\n",
		service.HTTP, service.GRPC, r.Listen.HTTP)

	r.store = tracestore.New(storeLimit)
	r.Store, r.listenAsked = true, true
	r.beforeShutdown = stop // the service sends its last spans while the collector can take them
	sum, err := r.do(early)
	if err != nil && !shaky(err, &sum) {
		return err
	}
	return r.explain(sum)
}

// shaky reports whether all that a demo lacks is a machine with nothing else to
// do: the summary warns of that, and a demo is no measurement. Lost telemetry is
// another matter, and so are thresholds that somebody has set.
func shaky(err error, sum *summary.Summary) bool {
	var v verdictError
	return errors.As(err, &v) && v.code == exitUndecided && len(sum.Faults) == 0 && len(sum.Verdict.Thresholds) == 0 && sum.Total.Requests.Sent() > 0
}

// demoTargets is how many requests the demo's files hold, sent in turn.
const demoTargets = 5000

// writeDemo writes the plan, its targets for an HTTP address and its messages,
// and returns the plan's path. A few tokens get most requests, as in life, so
// that the service's cache has some hits and some misses.
func writeDemo(dir, address string) (string, error) {
	var targets, messages bytes.Buffer
	random := rand.New(rand.NewPCG(1, 1))
	between := "["
	for range demoTargets {
		name := token.Demo(1 + int(math.Pow(random.Float64(), 4)*token.Demos))
		fmt.Fprintf(&targets, "GET http://%s/auth/validate\nAuthorization: Bearer %s\n\n", address, name)
		fmt.Fprintf(&messages, "%s{\"token\": %q}", between, name)
		between = ",\n"
	}
	messages.WriteString("]\n")
	plan := filepath.Join(dir, "demo.yaml")
	for name, content := range map[string][]byte{
		"demo.yaml": demoPlan, "tokens.http": targets.Bytes(), "tokens.json": messages.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	return plan, nil
}

// explain draws the slowest request whose server spans are there.
func (r *planRun) explain(sum summary.Summary) error {
	var text bytes.Buffer
	if spans := slowTrace(r.store, sum); spans == nil {
		fmt.Fprintln(&text, "\nNo slow request has a server span: the target's telemetry did not arrive.")
	} else {
		fmt.Fprintln(&text, "\nOne slow request, from the generator to the last span of the target:")
		fmt.Fprintln(&text)
		terminal.Explain(&text, treeOf(spans, time.Now()), r.screen.options(r.stdout))
		if n := r.store.Cut(spans[0].TraceID()); n > 0 {
			fmt.Fprintf(&text, "\n%d more spans of the trace are not shown: it is too large.\n", n)
		}
	}
	if _, err := r.stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the slow request: %w", err)
	}
	return nil
}

// slowTrace is the trace of the slowest request that has a server span.
func slowTrace(store *tracestore.Store, sum summary.Summary) []tracestore.Span {
	for _, slow := range sum.Slowest {
		spans := store.Trace(traceID(slow.TraceID))
		if slices.ContainsFunc(spans, func(s tracestore.Span) bool { return s.Kind() == ptrace.SpanKindServer }) {
			return spans
		}
	}
	return nil
}

func traceID(s string) (id pcommon.TraceID) {
	b, _ := hex.DecodeString(s) // our own summary's; a wrong one finds nothing
	copy(id[:], b)
	return id
}

// differs bounds by how much a clock of the target may be off, for a span to be believed.
const differs = time.Minute

// treeOf gives spans the form that the terminal draws. None can have lasted longer than
// there was since the request was sent.
func treeOf(spans []tracestore.Span, now time.Time) []terminal.Span {
	longest := time.Duration(math.MaxInt64)
	for _, s := range spans {
		if _, ours := s.Attributes().Get(attr.RunID); ours && s.Kind() == ptrace.SpanKindClient && s.ParentSpanID().IsEmpty() {
			longest = now.Sub(s.StartTimestamp().AsTime()) + differs
		}
	}
	out := make([]terminal.Span, 0, len(spans))
	for _, s := range spans {
		span := terminal.Span{
			ID: s.SpanID().String(), Parent: s.ParentSpanID().String(), Trace: s.TraceID().String(),
			Service: s.Service, Name: s.Name(), Kind: s.Kind().String(),
			Start: s.StartTimestamp().AsTime(), End: s.EndTimestamp().AsTime(),
			Error: errorOf(s),
		}
		span.Implausible = span.End.Sub(span.Start) > longest
		for key, v := range s.Attributes().All() {
			span.Attributes = append(span.Attributes, terminal.Attribute{Key: key, Value: v.AsString()})
		}
		slices.SortFunc(span.Attributes, func(a, b terminal.Attribute) int { return cmp.Compare(a.Key, b.Key) })
		for _, e := range s.Events().All() {
			span.Events = append(span.Events, eventOf(e))
		}
		out = append(out, span)
	}
	return out
}

func eventOf(e ptrace.SpanEvent) terminal.Event {
	event := terminal.Event{Name: e.Name(), Time: e.Timestamp().AsTime()}
	for key, v := range e.Attributes().All() {
		event.Attributes = append(event.Attributes, terminal.Attribute{Key: key, Value: v.AsString()})
	}
	return event
}

func errorOf(s tracestore.Span) string {
	if s.Status().Code() != ptrace.StatusCodeError {
		return ""
	}
	return cmp.Or(s.Status().Message(), "error")
}
