package grpcengine

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
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
		"v1": registerV1, "v1alpha": registerV1Alpha,
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

func TestReflectionIsAskedWithThePlansMetadata(t *testing.T) {
	wants := grpc.StreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		if header(s.Context(), "authorization") != "Bearer UNARY-0" || header(s.Context(), "x-raw-bin") != "\x00\x01" {
			return status.Error(codes.Unauthenticated, "no token")
		}
		return next(srv, s)
	})
	for name, register := range map[string]func(reflection.GRPCServer, reflection.ServerOptions){
		"v1": registerV1, "v1alpha": registerV1Alpha,
	} {
		t.Run(name, func(t *testing.T) {
			g := startReflecting(t, register, wants)
			a := g.attack("Unary")
			a.GRPC.Proto = ""
			a.GRPC.Metadata = map[string]string{"Authorization": "Bearer {{upper .MethodName}}-{{.RequestNumber}}{{if eq .InputName \"x\"}}{{end}}", "x-raw-bin": "AAE="}
			allOK(t, g.run(t, a, 1))

			a.GRPC.Metadata = nil
			_, err := Open(setupOf(a))
			var key *pace.KeyError
			require.ErrorAs(t, err, &key)
			assert.Equal(t, "grpc.metadata", key.Key)
			assert.Contains(t, key.What, "no token")
			assert.Contains(t, key.Fix, "goes with reflection too")

			a.GRPC.Metadata = map[string]string{"authorization": `{{fail "nobody knows"}}`}
			_, err = Open(setupOf(a))
			require.ErrorAs(t, err, &key)
			assert.Equal(t, "grpc.metadata.authorization", key.Key)
		})
	}
}

// lame describes the echo service and an import that nobody has.
func lame() *descriptorpb.FileDescriptorProto {
	note := []*descriptorpb.FieldDescriptorProto{{
		Name: proto.String("friend"), Number: proto.Int32(1), TypeName: proto.String(".lost.Friend"),
		Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}}
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("echo.proto"), Package: proto.String("echo.v1"), Syntax: proto.String("proto3"),
		Dependency:  []string{"lost/friend.proto", "lost/foe.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Note"), Field: note}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Echo"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("Unary"), InputType: proto.String(".echo.v1.Note"), OutputType: proto.String(".echo.v1.Note"),
		}}}},
	}
}

func TestADescriptionThatLacksAnImportSaysWhich(t *testing.T) {
	raw, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{lame()}})
	require.NoError(t, err)
	fd, err := protodesc.FileOptions{AllowUnresolvable: true}.New(lame(), &protoregistry.Files{})
	require.NoError(t, err)
	odd := lame()
	odd.Dependency[0] = "lost/\n::error::\x1b\n"
	hostile, err := protodesc.FileOptions{AllowUnresolvable: true}.New(odd, &protoregistry.Files{})
	require.NoError(t, err)
	alone := write(t, "alone.proto", "syntax = \"proto3\";\nimport \"lost/friend.proto\";\n")
	elsewhere := t.TempDir()
	for name, c := range map[string]struct {
		change func(*loadgen.GRPC)
		key    string
		says   []string
	}{
		"protoset": {
			func(s *loadgen.GRPC) { s.Protoset = write(t, "echo.protoset", string(raw)) }, "grpc.protoset",
			[]string{"lacks lost/friend.proto (imported by echo.proto), lost/foe.proto (imported by echo.proto)", "--include_imports"},
		},
		"proto": {
			func(s *loadgen.GRPC) { s.Proto, s.ImportPaths = alone, []string{elsewhere} }, "grpc.proto",
			[]string{"alone.proto:2:8: lost/friend.proto, which it imports, is not in " + elsewhere, "add the folder that holds lost/friend.proto to import_paths"},
		},
		"reflection": {
			func(s *loadgen.GRPC) { s.Target = reflecting(t, fd, registerV1).addr }, "grpc.method",
			[]string{"does not describe it whole", "lost/friend.proto", "grpc.proto or grpc.protoset"},
		},
		// A name that ended in a line break was once a panic.
		"reflection of a name with a line break": {
			func(s *loadgen.GRPC) { s.Target = reflecting(t, hostile, registerV1).addr }, "grpc.method",
			[]string{"does not describe it whole", `file not found: lost/\n::error::\x1b\n; `, "grpc.proto or grpc.protoset"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := loadgen.Attack{GRPC: &loadgen.GRPC{Target: "127.0.0.1:1", Method: "echo.v1.Echo/Unary", Plaintext: true}}
			c.change(a.GRPC)
			_, err := Open(setupOf(a))
			var key *pace.KeyError
			require.ErrorAs(t, err, &key)
			assert.Equal(t, c.key, key.Key)
			for _, text := range c.says {
				assert.Contains(t, err.Error(), text)
			}
		})
	}
}

func TestAFaultOfADataFileNamesFileFieldAndForm(t *testing.T) {
	g := startTarget(t, echo)
	form := "its fields are text (string), number (int64), raw (bytes)"
	for text, says := range map[string][]string{
		`{"number": "many"}`:                   {"line 1, column 12", "int64 field number", `"many"`},
		`[{"text": "a"}, {"text": 5}]`:         {"message 2", "string field text"},
		`{"raw": "%%"}`:                        {"bytes field raw"},
		`{"txt": "a"}`:                         {`unknown field "txt"`},
		"{\"text\": \"a\"}\n{\"text\": \"b\"}": {"line 2, column 1", "several as a list"},
		`{"number": "{{.WorkerID}}"}`:          {"int64 field number", "g0c0"},
	} {
		a := g.attack("Unary")
		a.GRPC.Data, a.GRPC.DataFile = "", write(t, "notes.json", text)
		_, err := Open(setupOf(a))
		var key *pace.KeyError
		require.ErrorAs(t, err, &key)
		assert.Equal(t, "grpc.data_file", key.Key)
		for _, text := range append(says, form, a.GRPC.DataFile) {
			assert.Contains(t, err.Error(), text)
		}
	}
}

func TestMetadataThatIsGRPCsOrHTTP2sIsRefused(t *testing.T) {
	g := startTarget(t, echo)
	for _, name := range []string{
		"te", "Connection", "KEEP-ALIVE", "proxy-connection", "Transfer-Encoding", "upgrade", "Host", "Content-Length", "User-Agent", "Grpc-Timeout",
	} {
		a := g.attack("Unary")
		a.GRPC.Metadata = map[string]string{name: "x"}
		_, err := Open(setupOf(a))
		var key *pace.KeyError
		require.ErrorAs(t, err, &key, name)
		assert.Equal(t, "grpc.metadata."+name, key.Key)
	}
}

// A target that takes the question and does not answer was waited for, for five seconds
// of each attack.
func TestOpenLastsNoLongerThanItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	enough := errors.New("enough")
	opening, end := context.WithCancelCause(t.Context())
	go func() {
		conn, err := l.Accept()
		if err == nil {
			defer conn.Close()
		}
		end(enough)
	}()
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.GRPC.Proto, a.GRPC.Target = "", l.Addr().String()
	setup := setupOf(a)
	setup.Opening = opening
	_, err = Open(setup)
	require.ErrorContains(t, err, "asking "+a.GRPC.Target)
	assert.Contains(t, err.Error(), "canceled", "by us, and not when it had lasted five seconds")
}

func TestAFileWithoutEndIsAFault(t *testing.T) {
	g := startTarget(t, echo)
	for key, change := range map[string]func(*loadgen.GRPC){
		"grpc.proto: /dev/zero is longer than 4 MiB":         func(s *loadgen.GRPC) { s.Proto = "/dev/zero" },
		"grpc.protoset: /dev/zero is longer than 64 MiB":     func(s *loadgen.GRPC) { s.Proto, s.Protoset = "", "/dev/zero" },
		"grpc.data_file: /dev/zero is longer than 64 MiB":    func(s *loadgen.GRPC) { s.Data, s.DataFile = "", "/dev/zero" },
		"grpc.binary_file: /dev/zero is longer than 64 MiB":  func(s *loadgen.GRPC) { s.Data, s.BinaryFile = "", "/dev/zero" },
		"grpc.tls.ca_file: /dev/zero is longer than 4 MiB":   func(s *loadgen.GRPC) { s.Plaintext, s.TLS.CAFile = false, "/dev/zero" },
		"grpc.tls.cert_file: /dev/zero is longer than 4 MiB": func(s *loadgen.GRPC) { s.Plaintext, s.TLS.CertFile = false, "/dev/zero" },
	} {
		a := g.attack("Unary")
		change(a.GRPC)
		_, err := Open(setupOf(a))
		assert.ErrorContains(t, err, key)
	}
}
