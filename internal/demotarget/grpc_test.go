package demotarget

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/internal/demotarget/authv1"
)

func dial(t *testing.T, r *running) *grpc.ClientConn {
	conn, err := grpc.NewClient(r.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestTokensAreAcceptedOrRefusedOverGRPC(t *testing.T) {
	client := authv1.NewAuthClient(dial(t, launch(t)))
	got, err := client.Validate(t.Context(), &authv1.ValidateRequest{Token: "demo-0003"})
	require.NoError(t, err)
	assert.Equal(t, "user-0003", got.GetSubject())
	assert.Equal(t, []string{"orders:read", "orders:write"}, got.GetScopes())
	assert.Equal(t, 2099, got.GetExpiresAt().AsTime().Year())
	for _, raw := range []string{"", "demo-0020", "nonsense"} {
		_, err := client.Validate(t.Context(), &authv1.ValidateRequest{Token: raw})
		assert.Equal(t, codes.Unauthenticated, status.Code(err), "token %q", raw)
	}
}

func TestAFailingStoreIsUnavailableOverGRPC(t *testing.T) {
	client := authv1.NewAuthClient(dial(t, launch(t, "--error-share=1")))
	_, err := client.Validate(t.Context(), &authv1.ValidateRequest{Token: "demo-0003"})
	assert.Equal(t, codes.Unavailable, status.Code(err))
}

func TestAStreamAnswersEachMessageAndSurvivesRefusals(t *testing.T) {
	client := authv1.NewAuthClient(dial(t, launch(t)))
	stream, err := client.ValidateStream(t.Context())
	require.NoError(t, err)
	for _, c := range []struct {
		raw     string
		subject string
		reason  authv1.Reason
	}{
		{raw: "demo-0001", subject: "user-0001"},
		{raw: "nonsense", reason: authv1.Reason_REASON_UNKNOWN},
		{raw: "demo-0040", reason: authv1.Reason_REASON_EXPIRED},
		{raw: "", reason: authv1.Reason_REASON_MISSING},
		{raw: "demo-0002", subject: "user-0002"},
	} {
		require.NoError(t, stream.Send(&authv1.ValidateRequest{Token: c.raw}))
		answer, err := stream.Recv()
		require.NoError(t, err)
		assert.Equal(t, c.subject, answer.GetAccepted().GetSubject(), c.raw)
		assert.Equal(t, c.reason, answer.GetRefused().GetReason(), c.raw)
	}
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	require.EqualError(t, err, "EOF")
}

func TestAnOpenStreamDoesNotHoldUpTheStop(t *testing.T) {
	r := launch(t)
	stream, err := authv1.NewAuthClient(dial(t, r)).ValidateStream(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&authv1.ValidateRequest{Token: "demo-0001"}))
	_, err = stream.Recv()
	require.NoError(t, err)
	assert.Zero(t, r.stop(t))
	_, err = stream.Recv()
	assert.Equal(t, codes.Unavailable, status.Code(err))
}

func TestReflectionListsTheService(t *testing.T) {
	stream, err := grpc_reflection_v1.NewServerReflectionClient(dial(t, launch(t))).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&grpc_reflection_v1.ServerReflectionRequest{
		MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{},
	}))
	answer, err := stream.Recv()
	require.NoError(t, err)
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	assert.Contains(t, names, "auth.v1.Auth")
	assert.Contains(t, names, "grpc.health.v1.Health")
	require.NoError(t, stream.CloseSend())
}

func TestTheGRPCServiceReportsItsHealth(t *testing.T) {
	client := grpc_health_v1.NewHealthClient(dial(t, launch(t)))
	got, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "auth.v1.Auth"})
	require.NoError(t, err)
	assert.Equal(t, grpc_health_v1.HealthCheckResponse_SERVING, got.GetStatus())
}
