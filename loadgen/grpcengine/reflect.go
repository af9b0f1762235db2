package grpcengine

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jhump/protoreflect/grpcreflect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// reflectWithin bounds asking the target for its description.
const reflectWithin = 5 * time.Second

// reflector describes a service.
type reflector func(ctx context.Context, service string) (description, error)

// askTarget describes a service by the target's reflection service, in its
// version v1 or else v1alpha, over a connection of its own.
func askTarget(spec *loadgen.GRPC, creds credentials.TransportCredentials, gate allow.Gate) reflector {
	return func(ctx context.Context, service string) (description, error) {
		ctx, cancel := context.WithTimeout(ctx, reflectWithin)
		defer cancel()
		opts := []grpc.DialOption{grpc.WithTransportCredentials(creds)}
		if !gate.Ajar() {
			dial := gate.Dial(&net.Dialer{})
			opts = append(opts, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				return dial(ctx, "tcp", address)
			}))
		}
		if spec.Authority != "" {
			opts = append(opts, grpc.WithAuthority(spec.Authority))
		}
		conn, err := grpc.NewClient("passthrough:///"+spec.Target, opts...)
		if err != nil {
			return description{}, &pace.KeyError{Key: "grpc.target", What: err.Error(), Fix: "write host:port"}
		}
		defer conn.Close()
		client := grpcreflect.NewClientAuto(ctx, conn)
		defer client.Reset()
		return reflected(client, service, spec.Target)
	}
}

func reflected(client *grpcreflect.Client, service, target string) (description, error) {
	d := description{files: &protoregistry.Files{}, source: "what " + target + " serves"}
	file, err := client.FileContainingSymbol(service)
	if grpcreflect.IsElementNotFoundError(err) {
		d.all, err = client.ListServices()
		if err != nil {
			return d, reflectionFault(target, err)
		}
		return d, nil
	}
	if err != nil {
		return d, reflectionFault(target, err)
	}
	if err := register(d.files, file.UnwrapFile()); err != nil {
		return d, reflectionFault(target, err)
	}
	return d, nil
}

func reflectionFault(target string, err error) error {
	if status.Code(err) == codes.Unimplemented {
		return &pace.KeyError{
			Key: "grpc.method", What: target + " does not serve reflection, which would describe it",
			Fix: "name its description with grpc.proto or grpc.protoset",
		}
	}
	what := err.Error()
	if s, ok := status.FromError(err); ok {
		what = s.Message()
	}
	return &pace.KeyError{
		Key: "grpc.target", What: fmt.Sprintf("asking %s for its description: %s", target, what),
		Fix: "start it, correct the target, plaintext or tls, or name a description with grpc.proto or grpc.protoset",
	}
}
