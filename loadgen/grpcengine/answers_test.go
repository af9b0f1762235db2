package grpcengine

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"
)

// sent is what a target sends on a connection.
type sent struct {
	bytes.Buffer
	framer  *http2.Framer
	encoder *hpack.Encoder
	block   bytes.Buffer
}

func newSent() *sent {
	s := &sent{}
	s.framer = http2.NewFramer(&s.Buffer, nil)
	s.encoder = hpack.NewEncoder(&s.block)
	return s
}

// headers writes fields in frames of at most a size.
func (s *sent) headers(param http2.HeadersFrameParam, most int, fields ...string) {
	s.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = s.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	block := s.block.Bytes()
	n := min(most, len(block))
	param.StreamID, param.BlockFragment, param.EndHeaders = 1, block[:n], n == len(block)
	_ = s.framer.WriteHeaders(param)
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(most, len(block))
		_ = s.framer.WriteContinuation(1, n == len(block), block[:n])
	}
}

// However a connection is read and its headers are framed, each status other than OK
// that ends a stream is found once, and no other.
func TestStatusesAreFoundInWhateverFramesTheyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSent()
		want := map[string]int{}
		for range rapid.IntRange(1, 20).Draw(t, "responses") {
			code := rapid.IntRange(0, 17).Draw(t, "code")
			text := rapid.SampledFrom([]string{"", "no", "Käse %", "%zz%", strings.Repeat("long ", 100)}).Draw(t, "text")
			param := http2.HeadersFrameParam{EndStream: rapid.IntRange(0, 4).Draw(t, "ends") > 0, PadLength: rapid.Uint8().Draw(t, "padding")}
			if rapid.Bool().Draw(t, "with a priority") {
				param.Priority = http2.PriorityParam{Weight: 7}
			}
			if param.EndStream && code > 0 {
				want[fmt.Sprint(code, text)]++
			}
			fields := []string{"grpc-status", fmt.Sprint(code), "grpc-message", percent(text)}
			if rapid.Bool().Draw(t, "without a status") {
				fields[0] = "x-status"
				if param.EndStream && code > 0 {
					want[fmt.Sprint(code, text)]--
				}
			}
			s.headers(param, rapid.IntRange(1, 200).Draw(t, "most"), fields...)
			_ = s.framer.WriteData(1, false, make([]byte, rapid.IntRange(0, 30).Draw(t, "data")))
			_ = s.framer.WritePing(false, [8]byte{})
			_ = s.framer.WriteSettings()
		}
		a := &answers{}
		r := newReader(a)
		for all := s.Bytes(); len(all) > 0; {
			n := rapid.IntRange(1, min(len(all), 500)).Draw(t, "read")
			r.read(all[:n])
			all = all[n:]
		}
		require.False(t, r.broken)
		for code := range 18 {
			for _, text := range []string{"", "no", "Käse %", "%zz%", strings.Repeat("long ", 100)} {
				for range want[fmt.Sprint(code, text)] {
					require.True(t, a.take(codes.Code(code), text), "%d %q", code, text)
				}
				require.False(t, a.take(codes.Code(code), text), "%d %q", code, text)
			}
		}
	})
}

func TestAnswersThatNoCallAsksForAreDropped(t *testing.T) {
	a := &answers{}
	for i := range 5 * maxAnswers {
		a.add(newAnswer(codes.Internal, fmt.Sprint(i)))
	}
	assert.LessOrEqual(t, len(a.recent)+len(a.old), 2*maxAnswers)
	assert.True(t, a.take(codes.Internal, fmt.Sprint(5*maxAnswers-1)), "the last")
	assert.False(t, a.take(codes.Internal, "0"), "the first")
}

func FuzzReader(f *testing.F) {
	s := newSent()
	s.headers(http2.HeadersFrameParam{EndStream: true}, 100, "grpc-status", "5")
	f.Add(s.Bytes(), 3)
	s.headers(http2.HeadersFrameParam{PadLength: 9, EndStream: true}, 3, ":status", "200", "grpc-status", "13", "grpc-message", "a%0ab", "grpc-status-details-bin", "x")
	_ = s.framer.WriteSettings()
	f.Add(s.Bytes(), 1)
	f.Fuzz(func(t *testing.T, all []byte, n int) {
		whole, parts := newReader(&answers{}), newReader(&answers{})
		whole.read(all)
		for n = max(1, n); len(all) > 0; all = all[min(n, len(all)):] {
			parts.read(all[:min(n, len(all))])
			require.LessOrEqual(t, len(parts.block), maxBlock+n)
		}
		require.Equal(t, whole.broken, parts.broken)
		require.Equal(t, whole.answers.recent, parts.answers.recent, "however it is cut")
	})
}

// What reading beside gRPC costs for a call.
func BenchmarkReader(b *testing.B) {
	s := newSent()
	call := func() {
		s.headers(http2.HeadersFrameParam{}, 100, ":status", "200", "content-type", "application/grpc")
		_ = s.framer.WriteData(1, false, make([]byte, 12))
		s.headers(http2.HeadersFrameParam{EndStream: true}, 100, "grpc-status", "0", "grpc-message", "")
	}
	r := newReader(&answers{})
	call()
	r.read(s.Bytes())
	s.Reset()
	call()
	b.ReportAllocs()
	for b.Loop() {
		r.read(s.Bytes())
	}
	if r.broken {
		b.Fatal("it is no HTTP/2")
	}
}
