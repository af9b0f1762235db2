package grpcengine

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func setupOf(a loadgen.Attack) runner.Setup {
	return runner.Setup{Run: loadgen.NewRunID(), Attack: a, Clock: time.Now()}
}

func write(t *testing.T, name, text string) string {
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestOpenNamesTheFault(t *testing.T) {
	g := startTarget(t, echo)
	broken := write(t, "broken.proto", "syntax = \"proto3\";\nmessage M {\n  strin x = 1;\n}\n")
	alone := write(t, "alone.proto", "syntax = \"proto3\";\nimport \"lost/friend.proto\";\n")
	for name, c := range map[string]struct {
		change func(*loadgen.GRPC)
		key    string
		says   []string
	}{
		"unknown service":      {func(s *loadgen.GRPC) { s.Method = "echo.v1.Eco/Unary" }, "grpc.method", []string{"echo.v1.Eco", "call one of echo.v1.Echo"}},
		"unknown method":       {func(s *loadgen.GRPC) { s.Method = "echo.v1.Echo/Unari" }, "grpc.method", []string{"Unari", "Unary, Client, Server, Both"}},
		"no method":            {func(s *loadgen.GRPC) { s.Method = "Unary" }, "grpc.method", []string{"package.Service/Method"}},
		"proto not compiling":  {func(s *loadgen.GRPC) { s.Proto = broken }, "grpc.proto", []string{"broken.proto:3:3", "strin"}},
		"import missing":       {func(s *loadgen.GRPC) { s.Proto = alone }, "grpc.proto", []string{"alone.proto:2:8", "lost/friend.proto", "import_paths"}},
		"proto missing":        {func(s *loadgen.GRPC) { s.Proto = "nowhere.proto" }, "grpc.proto", []string{"nowhere.proto"}},
		"protoset no protoset": {func(s *loadgen.GRPC) { s.Proto, s.Protoset = "", broken }, "grpc.protoset", []string{"FileDescriptorSet"}},
		"unknown field":        {func(s *loadgen.GRPC) { s.Data = `{"txt": "x"}` }, "grpc.data", []string{`"txt"`, "echo.v1.Note"}},
		"wrong type":           {func(s *loadgen.GRPC) { s.Data = `[{"text": "x"}, {"number": "many"}]` }, "grpc.data", []string{"message 2", "number"}},
		"no JSON":              {func(s *loadgen.GRPC) { s.Data = `{"text": ` }, "grpc.data", []string{"unexpected"}},
		"empty list":           {func(s *loadgen.GRPC) { s.Data = `[]` }, "grpc.data", []string{"empty"}},
		"bad template":         {func(s *loadgen.GRPC) { s.Data = `{"text": "{{.Nothing}}"}` }, "grpc.data", []string{"Nothing"}},
		"unfinished template":  {func(s *loadgen.GRPC) { s.Data = `{"text": "{{upper"}` }, "grpc.data", []string{"template"}},
		"data file missing":    {func(s *loadgen.GRPC) { s.Data, s.DataFile = "", "nowhere.json" }, "grpc.data_file", []string{"nowhere.json"}},
		"binary of another":    {func(s *loadgen.GRPC) { s.Data, s.BinaryFile = "", broken }, "grpc.binary_file", []string{"echo.v1.Note"}},
		"metadata template":    {func(s *loadgen.GRPC) { s.Metadata = map[string]string{"x": "{{nothing}}"} }, "grpc.metadata.x", []string{"nothing"}},
		"metadata key":         {func(s *loadgen.GRPC) { s.Metadata = map[string]string{"grpc-x": "1"} }, "grpc.metadata.grpc-x", []string{"own"}},
		"target":               {func(s *loadgen.GRPC) { s.Target = "localhost" }, "grpc.target", []string{"host:port"}},
		"ca file":              {func(s *loadgen.GRPC) { s.Plaintext, s.TLS.CAFile = false, broken }, "grpc.tls.ca_file", []string{"PEM"}},
		"key pair":             {func(s *loadgen.GRPC) { s.Plaintext, s.TLS.CertFile = false, broken }, "grpc.tls.cert_file", []string{"key_file"}},
		"keep-alive timeout":   {func(s *loadgen.GRPC) { s.KeepAlive = loadgen.KeepAlive{Time: time.Minute, Timeout: time.Second} }, "grpc.keep_alive.timeout", []string{"ghz"}},
		"no reflection":        {func(s *loadgen.GRPC) { s.Proto = "" }, "grpc.method", []string{"reflection", "grpc.proto"}},
		"nobody there":         {func(s *loadgen.GRPC) { s.Proto, s.Target = "", closedPort(t) }, "grpc.target", []string{"refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := g.attack("Unary")
			c.change(a.GRPC)
			_, err := Open(setupOf(a))
			var fault *pace.KeyError
			require.True(t, errors.As(err, &fault), "%v", err)
			assert.Equal(t, c.key, fault.Key)
			assert.NotEmpty(t, fault.Fix)
			for _, s := range c.says {
				assert.Contains(t, err.Error(), s)
			}
		})
	}
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestServiceIsDescribedByEachVersionOfReflection(t *testing.T) {
	for name, register := range map[string]func(reflection.GRPCServer, reflection.ServerOptions){
		"v1":      func(s reflection.GRPCServer, o reflection.ServerOptions) { registerV1(s, o) },
		"v1alpha": func(s reflection.GRPCServer, o reflection.ServerOptions) { registerV1Alpha(s, o) },
	} {
		t.Run(name, func(t *testing.T) {
			g := startReflecting(t, register)
			a := g.attack("Unary")
			a.GRPC.Proto = ""
			for _, r := range g.run(t, a, 3) {
				assert.True(t, r.OK(), r.ErrorText)
			}
			a.GRPC.Method = "echo.v1.Eco/Unary"
			_, err := Open(setupOf(a))
			require.ErrorContains(t, err, "call one of echo.v1.Echo")
		})
	}
}

func TestServiceIsDescribedByAProtoset(t *testing.T) {
	g := startTarget(t, echo)
	_, fd := describeEcho(t)
	raw, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(fd)}})
	require.NoError(t, err)
	a := g.attack("Unary")
	a.GRPC.Proto, a.GRPC.Protoset = "", write(t, "echo.protoset", string(raw))
	for _, r := range g.run(t, a, 3) {
		assert.True(t, r.OK(), r.ErrorText)
	}
}

func TestProtoIsFoundThroughImportPaths(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "a", "b"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "a", "types.proto"), []byte("syntax = \"proto3\"; package a; message M { string text = 1; }"), 0o600))
	file := filepath.Join(root, "a", "b", "service.proto")
	require.NoError(t, os.WriteFile(file, []byte("syntax = \"proto3\"; import \"a/types.proto\"; service S { rpc Call(a.M) returns (a.M); }"), 0o600))
	_, err := Open(setupOf(loadgen.Attack{GRPC: &loadgen.GRPC{
		Target: "127.0.0.1:1", Method: "S/Call", Proto: file, ImportPaths: []string{root}, Plaintext: true,
	}}))
	assert.NoError(t, err)
}
