package queue_test

import (
	"context"
	"testing"

	"github.com/loadtrace/loadtrace/internal/queue"
)

// BenchmarkPut is one batch, from being put to being delivered. A generator puts one for
// 512 spans, the join one for each trace.
func BenchmarkPut(b *testing.B) {
	pool := queue.NewPool(1 << 40)
	q := queue.New(queue.Options[func(context.Context) error]{
		Budget: pool.Share(0),
		Send:   func(ctx context.Context, send *func(context.Context) error) error { return (*send)(ctx) },
	})
	send := func(context.Context) error { return nil }
	b.ReportAllocs()
	for b.Loop() {
		q.Put(queue.Batch[func(context.Context) error]{Items: 1, Bytes: 100, Data: send})
	}
	if err := queue.Shutdown(context.Background(), q); err != nil {
		b.Fatal(err)
	}
}
