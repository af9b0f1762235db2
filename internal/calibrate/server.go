package calibrate

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

// server is the reference: it answers each request when its latency is over, and
// notes how long it took itself, since a sleep ends late.
type server struct {
	health.UnimplementedHealthServer
	spec    *Case
	clock   time.Time
	arrived atomic.Int64
	stalled atomic.Int64   // when the stall began, as an offset from clock; 0 before
	served  []atomic.Int64 // by arrival
	address string
	stop    func()
}

// serve starts the server of a case.
func serve(c *Case) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the reference server: %w", err)
	}
	s := &server{spec: c, clock: time.Now(), served: make([]atomic.Int64, c.Count), address: l.Addr().String()}
	if c.GRPC {
		g := grpc.NewServer()
		health.RegisterHealthServer(g, s)
		reflection.Register(g)
		s.run(func() { g.Serve(l) }, g.Stop)
	} else {
		h := &http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: time.Minute}
		s.run(func() { h.Serve(l) }, func() { h.Close() })
	}
	return s, nil
}

// run serve until stop.
func (s *server) run(serve, stop func()) {
	over := make(chan struct{})
	go func() { defer close(over); serve() }()
	s.stop = func() { stop(); <-over }
}

// answer is an HTTP request.
func (s *server) answer(w http.ResponseWriter, _ *http.Request) {
	s.hold()
	w.WriteHeader(http.StatusOK)
}

// Check implements the standard health service, whose every call is served as a
// request.
func (s *server) Check(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	s.hold()
	return &health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}, nil
}

func (s *server) hold() {
	begin := time.Since(s.clock)
	i := int(s.arrived.Add(1) - 1)
	if i >= len(s.served) {
		return // nothing of the case
	}
	if s.spec.Stall > 0 && i == s.spec.StallAt {
		s.stalled.Store(int64(begin))
	}
	end := begin
	if at := time.Duration(s.stalled.Load()); at > 0 {
		end = max(end, at+s.spec.Stall)
	}
	end += s.spec.Latency(i)
	time.Sleep(end - time.Since(s.clock))
	s.served[i].Store(int64(time.Since(s.clock) - begin))
}

// took is how long the server took for each request that reached it.
func (s *server) took() []time.Duration {
	n := min(int(s.arrived.Load()), len(s.served))
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = time.Duration(s.served[i].Load())
	}
	return all
}
