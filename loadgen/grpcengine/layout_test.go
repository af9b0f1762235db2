package grpcengine

import (
	"math/rand/v2"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const allKinds = `syntax = "proto3";
package kinds.v1;
message All {
  string text = 1; bytes raw = 2; int64 number = 3; sint32 small = 4; bool yes = 5;
  fixed32 four = 6; double eight = 7; Color color = 8; All inner = 9;
  repeated string texts = 10; repeated int32 numbers = 11; repeated fixed64 eights = 12;
  repeated All many = 13; map<string, All> named = 14; map<int32, string> words = 15;
  string far = 2000; repeated sint64 unpacked = 17 [packed = false];
  oneof one { string a = 18; All b = 19; }
}
enum Color { RED = 0; BLUE = 7; }
`

const oldKinds = `syntax = "proto2";
package kinds.v2;
message Old {
  optional string text = 1; repeated int32 numbers = 2; optional Old inner = 3;
  optional group Part = 4 { optional string word = 5; optional Old deep = 6; }
  repeated group Parts = 7 { optional int32 n = 1; }
  extensions 100 to 200;
}
message Needs { required string text = 1; optional Needs inner = 2; }
message Holds { optional Needs inner = 1; optional Holds more = 2; }
`

func compiled(t testing.TB, src string) protoreflect.FileDescriptor {
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{"x.proto": src})}}
	files, err := c.Compile(t.Context(), "x.proto")
	require.NoError(t, err)
	return files[0]
}

// kinds are messages as protobuf describes them itself, which is how a decoder wants them,
// and the layouts of these and of their descriptions in a .proto file.
func kinds(t testing.TB) map[protoreflect.MessageDescriptor][]*layout {
	all := map[protoreflect.MessageDescriptor][]*layout{}
	for _, src := range []string{allKinds, oldKinds} {
		file := compiled(t, src)
		for i := range file.Messages().Len() {
			described := file.Messages().Get(i)
			again, err := protodesc.NewFile(protodesc.ToFileDescriptorProto(file), nil)
			require.NoError(t, err)
			m := again.Messages().Get(i)
			all[m] = []*layout{newLayout(m), newLayout(described)}
		}
	}
	return all
}

// decode decodes a message. It reports false where the decoder panics.
func decode(m protoreflect.MessageDescriptor, b []byte) (err error, ok bool) {
	defer func() { ok = recover() == nil }()
	return proto.Unmarshal(b, dynamicpb.NewMessage(m)), true
}

// like compares layouts of a message with its decoder.
func like(t testing.TB, m protoreflect.MessageDescriptor, layouts []*layout, b []byte) (good bool) {
	want, ok := decode(m, b)
	if !ok {
		return true
	}
	for _, l := range layouts {
		got := l.check(b)
		assert.Equal(t, want == nil, got == nil, "%s %x: a decoder says %v, the layout %v", m.FullName(), b, want, got)
	}
	return want == nil
}

func TestALayoutTakesWhatADecoderTakes(t *testing.T) {
	tag := protowire.AppendTag
	bytes := func(n protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(tag(nil, n, protowire.BytesType), v)
	}
	var cases [][]byte
	for _, b := range [][]byte{
		{}, {0}, {0xff}, {0x0f}, {8}, {8, 1}, {10}, {10, 5, 'x'}, {10, 1, 0xff}, {18, 1, 0xff}, {24, 0xff},
		{24, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, {24, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2},
		{53, 1, 2, 3}, {53, 1, 2, 3, 4}, {57, 1}, {12}, {11}, {11, 12}, {35, 36}, {35, 42, 1, 0xff, 36}, {35, 42, 1, 'x', 36}, {35, 12}, {35},
		{59, 8, 1, 60}, {59, 8, 60}, {0x07}, {0x06, 1}, {90, 3, 1, 2, 3}, {90, 1, 0xff}, {98, 8, 1, 2, 3, 4, 5, 6, 7, 8}, {98, 7, 1, 2, 3, 4, 5, 6, 7},
		{88, 1}, {18, 2, 1, 0x80}, {18, 2, 1, 2}, {'n', 'o', ' ', 'm', 'e', 's', 's', 'a', 'g', 'e'}, []byte(`{"text": "x"}`),
	} {
		cases = append(cases, b, bytes(9, b), bytes(3, b), bytes(13, bytes(9, b)), bytes(6, b), bytes(1, b), bytes(2000, b),
			bytes(14, append(bytes(1, []byte("k")), bytes(2, b)...)), bytes(15, append([]byte{8, 1}, bytes(2, b)...)))
	}
	cases = append(cases, append(tag(nil, protowire.MaxValidNumber, protowire.VarintType), 1), protowire.AppendVarint(nil, 1<<33|8))
	for m, layouts := range kinds(t) {
		for _, b := range cases {
			like(t, m, layouts, b)
		}
	}
}

// Bytes are changed in messages that are good, since bytes at random are soon bad.
func TestALayoutTakesWhatADecoderTakesOfMessagesThatAreBroken(t *testing.T) {
	seeds := map[protoreflect.FullName]string{
		"kinds.v1.All": `{"text": "é", "raw": "AAE=", "number": "-5", "small": -1, "yes": true, "four": 4, "eight": 8, "color": "BLUE", "inner": {"texts": ["a", "ü"]},
			"numbers": [1, 300, -1], "eights": ["1", "2"], "many": [{"far": "x"}, {"unpacked": ["1"]}], "named": {"k": {"text": "v"}}, "words": {"1": "w"}, "b": {"a": "z"}}`,
		"kinds.v2.Old": `{"text": "é", "numbers": [1, 2], "inner": {"text": "x"}, "part": {"word": "w", "deep": {"text": "y"}}, "parts": [{"n": 1}, {}]}`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	bad := 0
	for m, layouts := range kinds(t) {
		if seeds[m.FullName()] == "" { // what is required may come in parts, which are added up
			continue
		}
		whole := dynamicpb.NewMessage(m)
		require.NoError(t, protojson.Unmarshal([]byte(seeds[m.FullName()]), whole))
		good, err := proto.Marshal(whole)
		require.NoError(t, err)
		require.True(t, like(t, m, layouts, good))
		for i := range 20_000 {
			b := append([]byte(nil), good...)
			for range 1 + i%3 {
				b[random.IntN(len(b))] = byte(random.UintN(256))
			}
			if i%4 == 0 {
				b = b[:random.IntN(len(b)+1)]
			}
			if !like(t, m, layouts, b) {
				bad++
			}
		}
	}
	assert.Greater(t, bad, 10_000)
}

func TestAnUnreadableMessageSaysWhere(t *testing.T) {
	m := compiled(t, allKinds).Messages().Get(0)
	err := newLayout(m).check([]byte{74, 3, 10, 1, 0xff})
	assert.EqualError(t, err, "kinds.v1.All.text: its text is not UTF-8")
	err = newLayout(compiled(t, oldKinds).Messages().ByName("Holds")).check([]byte{10, 0})
	assert.EqualError(t, err, "kinds.v2.Needs: it lacks text, which is required")
	deep := []byte{}
	for range 11_000 {
		deep = protowire.AppendBytes(protowire.AppendTag(nil, 9, protowire.BytesType), deep)
		if len(deep) > 1<<20 {
			break
		}
	}
	assert.ErrorContains(t, newLayout(m).check(deep), "nested too deeply")
}

func FuzzLayout(f *testing.F) {
	all := kinds(f)
	f.Add([]byte{10, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		for m, layouts := range all {
			if m.FullName() == "kinds.v1.All" || m.FullName() == "kinds.v2.Old" { // see above
				like(t, m, layouts, b)
			}
		}
	})
}
