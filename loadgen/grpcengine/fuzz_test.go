package grpcengine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Whatever the data of a plan or of its file are, those that are taken are sent as messages
// that a decoder takes.
func FuzzMessages(f *testing.F) {
	for _, data := range []string{
		`{"text": "x", "numbers": [1, 2], "named": {"k": {"raw": "AAE="}}}`, `[{}, {"color": "BLUE"}, {"eight": "NaN"}]`, "",
		`{"text": "{{newUUID}}", "number": {{.RequestNumber}}}`, `[{"text": "{{upper .MethodName}}"}]`, `{"words": {"1": "w"}, "a": "z", "inner": null}`,
		`{"text": "\ud800"}`, `{"text": "{{randomString 3}}{{randomInt 1 2}}"}`, `{{range $i := until 3}}{{end}}{}`,
	} {
		f.Add(data)
	}
	file := compiled(f, allKinds+"service Kinds { rpc Take(All) returns (All); }")
	m := newMethod(file.Services().Get(0).Methods().Get(0))
	w, err := newEnvelopes(m)
	require.NoError(f, err)
	all := newLayout(m.desc.Input())
	f.Fuzz(func(t *testing.T, data string) {
		ms, err := readMessages(t.Context(), &loadgen.GRPC{Data: data}, m, &dynamicpb.Types{}, w)
		if err != nil {
			return
		}
		require.NotEmpty(t, ms.list)
		for n := range min(3, len(ms.list)) {
			sent, err := ms.at(uint64(n), m.call())
			if err == nil { // a template may fail in a later call
				require.NoError(t, all.check(letter(sent)))
			}
		}
	})
}

// Whatever a set of descriptors is, a method is found in it or a fault of the plan is
// reported; its messages have layouts that end.
func FuzzProtoset(f *testing.F) {
	described := protodesc.ToFileDescriptorProto(compiled(f, allKinds+"service Kinds { rpc Take(All) returns (All); }"))
	whole, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{described}})
	require.NoError(f, err)
	f.Add(whole)
	described.Dependency = []string{"x.proto", "none.proto\n"}
	lacks, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{described}})
	require.NoError(f, err)
	f.Add(lacks)
	path := filepath.Join(f.TempDir(), "set")
	f.Fuzz(func(t *testing.T, raw []byte) {
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		d, err := readProtoset(t.Context(), path)
		if err != nil {
			require.Nil(t, d.files)
			return
		}
		_, err = d.find("kinds.v1.Nothing", "Take")
		require.Error(t, err)
		d.files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
			for i := range file.Services().Len() {
				usable(t, d, file.Services().Get(i))
			}
			return true
		})
	})
}

func usable(t *testing.T, d description, s protoreflect.ServiceDescriptor) {
	for i := range min(3, s.Methods().Len()) {
		found, err := d.find(string(s.FullName()), string(s.Methods().Get(i).Name()))
		require.NoError(t, err)
		m := newMethod(found)
		require.NotEmpty(t, form(m.desc.Input(), true))
		require.Error(t, newLayout(m.desc.Output()).check([]byte{0}))
		if _, err := newEnvelopes(m); err != nil {
			require.ErrorContains(t, err, m.path())
		}
	}
}
