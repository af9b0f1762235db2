package grpcengine

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func TestTheFirstAnswerOfEachCodeHasTheStatusMessageAsItsExcerpt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", loadgen.MaxExcerpt)
	answers := []error{
		status.Error(codes.Unauthenticated, "token\n\texpired"),
		status.Error(codes.Unauthenticated, "token expired"),
		status.Error(codes.NotFound, long),
		status.Error(codes.PermissionDenied, ""),
		status.Error(codes.NotFound, "no such token"),
	}
	want := []string{"token expired", "", long[:loadgen.MaxExcerpt], "", ""}
	for _, method := range []string{"Unary", "Server"} {
		var calls atomic.Int64
		a := startTarget(t, func(_ grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
			recv()
			return answers[calls.Add(1)-1]
		}).attack(method)
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: uint64(len(answers))}}
		res := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{})
		require.Len(t, res.Records, len(answers))
		for i, r := range res.Records {
			require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.Equal(t, want[i], r.Excerpt, "%s %d", method, i)
		}
	}
}
