package grpcengine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jhump/protoreflect/grpcreflect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// reflectWithin bounds asking the target for its description.
const reflectWithin = 5 * time.Second

// reflector describes a service.
type reflector func(ctx context.Context, service string) (description, error)

// askTarget describes a service by the target's reflection service, in its
// version v1 or else v1alpha, over a connection of its own. The plan's metadata go
// with the question, templates in them filled as for the first call, of whose
// messages the names are not known yet.
func askTarget(spec *loadgen.GRPC, creds credentials.TransportCredentials, gate allow.Gate) reflector {
	return func(ctx context.Context, service string) (description, error) {
		_, name, _ := splitMethod(spec.Method)
		call := callOf(service, name)
		h, err := readMetadata(spec.Metadata, call)
		if err != nil {
			return description{}, err
		}
		md, err := h.fill(call)
		if err != nil {
			return description{}, err
		}
		ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(ctx, md), reflectWithin)
		defer cancel()
		opts := []grpc.DialOption{grpc.WithTransportCredentials(creds)}
		if !gate.AllowsAll() {
			opts = append(opts, gated(gate))
		}
		if spec.Authority != "" {
			opts = append(opts, grpc.WithAuthority(spec.Authority))
		}
		address, err := addressOf(spec)
		if err != nil {
			return description{}, err
		}
		conn, err := grpc.NewClient("passthrough:///"+address, opts...)
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
		lacks := err
		d.all, err = client.ListServices()
		switch {
		case err != nil:
			return d, reflectionFault(target, err)
		case slices.Contains(d.all, service):
			return d, incomplete(target, service, lacks)
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

// elsewhere is how a service is described without reflection.
const elsewhere = "name its description with grpc.proto or grpc.protoset"

// incomplete is the fault of a target that serves a service, and does not describe
// it whole. What it lacks stands last, in words of the target.
func incomplete(target, service string, lacks error) error {
	text := lacks.Error()
	if i := strings.LastIndex(text, "\ncaused by: "); i >= 0 {
		text = text[i+len("\ncaused by: "):]
	}
	first := min(1, len(text))
	text = strings.ToLower(text[:first]) + text[first:]
	return &pace.KeyError{
		Key: "grpc.method", What: fmt.Sprintf("%s serves %s, but its reflection does not describe it whole: %s",
			target, service, plaintext.Line(text)),
		Fix: elsewhere,
	}
}

func reflectionFault(target string, err error) error {
	what := err.Error()
	if s, ok := status.FromError(err); ok {
		what = plaintext.Line(s.Message()) // the target wrote it
	}
	asking := fmt.Sprintf("asking %s for its description: %s", target, what)
	switch status.Code(err) {
	case codes.Unimplemented:
		return &pace.KeyError{
			Key: "grpc.method", What: target + " does not serve reflection, which would describe it", Fix: elsewhere,
		}
	case codes.Unauthenticated, codes.PermissionDenied:
		return &pace.KeyError{
			Key: "grpc.metadata", What: asking,
			Fix: "add what it asks for, which goes with reflection too, or " + elsewhere,
		}
	}
	return &pace.KeyError{
		Key: "grpc.target", What: asking,
		Fix: "start it, correct the target, plaintext or tls, or name a description with grpc.proto or grpc.protoset",
	}
}
