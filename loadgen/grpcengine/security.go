package grpcengine

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// newCredentials is how connections are secured.
func newCredentials(ctx context.Context, spec *loadgen.GRPC) (credentials.TransportCredentials, error) {
	if spec.Plaintext {
		if spec.TLS != (loadgen.TLS{}) {
			return nil, &pace.KeyError{Key: "grpc.tls", What: "has no use with plaintext", Fix: "remove one of the two"}
		}
		return insecure.NewCredentials(), nil
	}
	c, err := enginekit.ClientTLS(ctx, "grpc", spec.TLS)
	return credentials.NewTLS(c), errors.Join(err, checkAuthority(c.ServerName, spec.Authority))
}

// checkAuthority refuses two names for one server.
func checkAuthority(name, authority string) error {
	if name == "" || authority == "" || name == authority {
		return nil
	}
	return &pace.KeyError{
		Key: "grpc.authority", What: fmt.Sprintf("is not tls.server_name, %q: gRPC verifies the one and sends the other", name),
		Fix: "give both the same name, or remove one",
	}
}

// addressOf is where to dial an attack's target, its host in ASCII.
func addressOf(spec *loadgen.GRPC) (string, error) {
	address, err := hostname.Port(spec.Target)
	if err != nil {
		return "", &pace.KeyError{Key: "grpc.target", What: err.Error(), Fix: "write host:port"}
	}
	return address, nil
}
