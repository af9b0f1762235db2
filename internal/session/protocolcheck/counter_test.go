package protocolcheck

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func TestOnlyClientsThatSpeakTLSAreCounted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var seen Counter
	server := grpc.NewServer(grpc.Creds(newPlaintext(&seen)))
	healthpb.RegisterHealthServer(server, health.NewServer())
	go server.Serve(l)
	defer server.Stop()
	for _, c := range []struct {
		name  string
		creds credentials.TransportCredentials
		works bool
		count uint64
	}{
		{"plaintext", insecure.NewCredentials(), true, 0},
		{"TLS", credentials.NewTLS(&tls.Config{}), false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(c.creds))
			require.NoError(t, err)
			defer conn.Close()
			_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if !c.works {
				assert.ErrorContains(t, err, "first record does not look like a TLS handshake", "the client is told as before")
				assert.GreaterOrEqual(t, seen.TLS(), c.count)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, c.count, seen.TLS())
		})
	}
}

func TestARequestOfHTTP1IsCounted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var seen Counter
	server := grpc.NewServer(grpc.Creds(newPlaintext(&seen)))
	go server.Serve(l)
	defer server.Stop()
	resp, err := http.Post("http://"+l.Addr().String()+"/v1/traces", "application/x-protobuf", nil)
	if err == nil {
		resp.Body.Close()
	}
	assert.Error(t, err)
	assert.GreaterOrEqual(t, seen.HTTP1(), uint64(1))
	assert.Zero(t, seen.TLS())
}

func TestAConnectionIsReadWhole(t *testing.T) {
	for _, said := range []string{"", "P", "PR", "PRI", "PRI * HTTP/2.0\r\n", "POST /v1/traces HTTP/1.1\r\n", "P\r\n", "\x16", "\x16\x03", "\x16\x03\x01", "\x16\x03\x01\x02\x00\x01"} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			go func() { io.WriteString(far, said); far.Close() }()
			var seen Counter
			conn, _, err := newPlaintext(&seen).ServerHandshake(near)
			if said == "" {
				assert.ErrorIs(t, err, io.EOF)
				return
			}
			require.NoError(t, err)
			got, err := io.ReadAll(conn)
			assert.NoError(t, err)
			assert.Equal(t, said, string(got))
			assert.Equal(t, len(said) >= 3 && said[0] == 0x16, seen.TLS() == 1, "%q", said)
			assert.Equal(t, strings.HasPrefix(said, "POST"), seen.HTTP1() == 1, "%q", said)
		})
	}
}
