package grpcengine

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
)

// echoProto has a method of each kind.
const echoProto = `syntax = "proto3";
package echo.v1;
message Note { string text = 1; int64 number = 2; bytes raw = 3; }
service Echo {
  rpc Unary(Note) returns (Note);
  rpc Client(stream Note) returns (Note);
  rpc Server(Note) returns (stream Note);
  rpc Both(stream Note) returns (stream Note);
}
`

// handler is what the target does with a call: it gets the call's messages and
// may answer with any.
type handler func(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error

// target is a gRPC server on loopback that serves echo.v1.Echo.
type target struct {
	t     testing.TB
	file  string // the service's .proto
	note  protoreflect.MessageDescriptor
	addr  string
	serve *grpc.Server
}

func describeEcho(t testing.TB) (string, protoreflect.FileDescriptor) {
	file := filepath.Join(t.TempDir(), "echo.proto")
	require.NoError(t, os.WriteFile(file, []byte(echoProto), 0o600))
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{ImportPaths: []string{filepath.Dir(file)}}}
	files, err := c.Compile(t.Context(), "echo.proto")
	require.NoError(t, err)
	return file, files[0]
}

// startTarget serves every method with h.
func startTarget(t testing.TB, h handler, opts ...grpc.ServerOption) *target {
	g := prepareTarget(t, h, opts...)
	g.start()
	return g
}

func prepareTarget(t testing.TB, h handler, opts ...grpc.ServerOption) *target {
	file, fd := describeEcho(t)
	g := &target{t: t, file: file, note: fd.Messages().ByName("Note")}
	g.serve = grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	g.serve.RegisterService(g.describe(fd, h), nil)
	return g
}

func (g *target) start() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(g.t, err)
	g.startOn(l)
}

func (g *target) startOn(l net.Listener) {
	t := g.t
	g.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- g.serve.Serve(l) }()
	t.Cleanup(func() {
		g.serve.Stop()
		<-served
	})
}

func (g *target) describe(fd protoreflect.FileDescriptor, h handler) *grpc.ServiceDesc {
	s := &grpc.ServiceDesc{ServiceName: "echo.v1.Echo", HandlerType: (*any)(nil), Metadata: "echo.proto"}
	methods := fd.Services().Get(0).Methods()
	for i := range methods.Len() {
		m := methods.Get(i)
		s.Streams = append(s.Streams, grpc.StreamDesc{
			StreamName: string(m.Name()), ClientStreams: true, ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error {
				return h(stream, func() (*dynamicpb.Message, error) {
					note := dynamicpb.NewMessage(g.note)
					return note, stream.RecvMsg(note)
				})
			},
		})
	}
	return s
}

// echo answers a stream's messages one by one, and another call's once.
func echo(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
	each := strings.HasSuffix(methodOf(stream), "/Both")
	var last *dynamicpb.Message
	for {
		note, err := recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		last = note
		if each {
			if err := stream.SendMsg(note); err != nil {
				return err
			}
		}
	}
	answers := map[bool]int{false: 1, true: 3}[strings.HasSuffix(methodOf(stream), "/Server")]
	if each {
		answers = 0
	}
	for range answers {
		if err := stream.SendMsg(last); err != nil {
			return err
		}
	}
	return nil
}

func methodOf(stream grpc.ServerStream) string {
	m, _ := grpc.MethodFromServerStream(stream)
	return m
}

func header(ctx context.Context, key string) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, key), ",")
}

// attack is an attack on a method of the target, with the defaults that matter.
func (g *target) attack(method string) loadgen.Attack {
	return loadgen.Attack{
		Name: "a", Workers: 10, MaxWorkers: 1000,
		GRPC: &loadgen.GRPC{
			Target: g.addr, Method: "echo.v1.Echo/" + method, Proto: g.file,
			Data: `{"text": "hello"}`, Plaintext: true, Connections: 2, Timeout: 5 * time.Second,
		},
	}
}

// startReflecting serves the echo service and its description.
func startReflecting(
	t testing.TB, register func(reflection.GRPCServer, reflection.ServerOptions), opts ...grpc.ServerOption,
) *target {
	_, fd := describeEcho(t)
	return reflecting(t, fd, register, opts...)
}

// reflecting serves the echo service, and a description of it.
func reflecting(
	t testing.TB, fd protoreflect.FileDescriptor, register func(reflection.GRPCServer, reflection.ServerOptions), opts ...grpc.ServerOption,
) *target {
	files := &protoregistry.Files{}
	require.NoError(t, files.RegisterFile(fd))
	g := prepareTarget(t, echo, opts...)
	register(g.serve, reflection.ServerOptions{Services: g.serve, DescriptorResolver: files})
	g.start()
	return g
}

func registerV1(s reflection.GRPCServer, o reflection.ServerOptions) {
	reflectionv1.RegisterServerReflectionServer(s, reflection.NewServerV1(o))
}

func registerV1Alpha(s reflection.GRPCServer, o reflection.ServerOptions) {
	reflectionv1alpha.RegisterServerReflectionServer(s, reflection.NewServer(o))
}
