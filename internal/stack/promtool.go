package stack

import (
	"context"
	"io"
)

// BuildPromtool builds Prometheus's own checker as Build builds its server, and
// returns its binary.
func BuildPromtool(ctx context.Context, progress io.Writer) (string, error) {
	s := Prometheus()
	s.Package = "github.com/prometheus/prometheus/cmd/promtool"
	return Build(ctx, s, progress)
}
