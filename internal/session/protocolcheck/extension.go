package protocolcheck

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"google.golang.org/grpc"
)

// Type is the extension's component type.
var Type = component.MustNewType("protocol_check")

var _ extensionmiddleware.GRPCServer = (*middleware)(nil)

// NewFactory makes an extension that counts into seen. Name it in the middlewares of a
// plaintext gRPC server.
func NewFactory(seen *Counter) extension.Factory {
	return extension.NewFactory(Type,
		func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return &middleware{seen: seen}, nil
		}, component.StabilityLevelDevelopment)
}

type middleware struct {
	component.StartFunc
	component.ShutdownFunc
	seen *Counter
}

// GetGRPCServerOptions returns credentials that count connections by their first bytes.
func (m *middleware) GetGRPCServerOptions(context.Context) ([]grpc.ServerOption, error) {
	return []grpc.ServerOption{grpc.Creds(newPlaintext(m.seen))}, nil
}
