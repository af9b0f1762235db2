package main

import (
	"context"
	"flag"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

// lateness of a target: it answers its first calls at once, and holds some of
// those that come later.
type lateness struct {
	after uint64        // calls answered at once
	each  uint64        // of the others, one in so many is held
	hold  time.Duration // how long
}

func (l *lateness) flags(f *flag.FlagSet) {
	f.Uint64Var(&l.after, "after", 1_000_000, "calls that are answered at once")
	f.Uint64Var(&l.each, "each", 10, "of the calls after those, one in so many is held")
	f.DurationVar(&l.hold, "hold", 50*time.Millisecond, "how long a call is held")
}

func (l *lateness) args() []string {
	return []string{fmt.Sprintf("-after=%d", l.after), fmt.Sprintf("-each=%d", l.each), "-hold=" + l.hold.String()}
}

// held is how many of so many calls are held.
func (l *lateness) held(calls uint64) uint64 {
	if calls <= l.after {
		return 0
	}
	return (calls - l.after) / l.each
}

// tail is the gRPC target that turns slow. It prints at its end how many calls
// it has answered, and how many it held.
func tail(ctx context.Context, args []string) error {
	var l lateness
	flags := flag.NewFlagSet("tail", flag.ExitOnError)
	l.flags(flags)
	flags.Parse(args)
	var calls, held atomic.Uint64
	// Reflection is a stream, so that only the calls of the method come through.
	err := serveHealth(ctx, grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, answer grpc.UnaryHandler) (any, error) {
		if n := calls.Add(1); n > l.after && (n-l.after)%l.each == 0 {
			held.Add(1)
			time.Sleep(l.hold)
		}
		return answer(ctx, in)
	}))
	fmt.Println(calls.Load(), held.Load())
	return err
}
