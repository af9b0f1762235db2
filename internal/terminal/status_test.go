package terminal

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestAStatusIsPaintedByWhoseFaultItIs(t *testing.T) {
	for code, want := range map[string]ink{
		"200": "", "301": "", "OK": "", "": "",
		"404": yellow, "429": yellow, "UNAUTHENTICATED": yellow, "NOT_FOUND": yellow,
		"500": red, "503": red, "UNAVAILABLE": red, "DEADLINE_EXCEEDED": red, "INTERNAL": red, "other": red,
	} {
		assert.Equal(t, want, statusInk(code), code)
	}
}

func TestStatusesOfBothProtocolsAreInOrder(t *testing.T) {
	want := []string{"200", "404", "503", "OK", "CANCELLED", "UNAVAILABLE", "other"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, byCode)
	assert.Equal(t, want, got)
}

func TestATargetWithoutTLSIsExplained(t *testing.T) {
	s := newSample("unary")
	s.add(0, 3, rpc("auth.v1.Auth/Validate"), failure(loadgen.ErrorTLS, "authentication handshake failed: tls: first record does not look like a TLS handshake"))
	drawn := text(func(b *bytes.Buffer) { Summary(b, s.summary(time.Second, summary.Conclusion{}), Options{Width: 160}) })
	assert.Contains(t, drawn, "first record does not look like a TLS handshake; the target answers without TLS: write plaintext: true")
}

func TestATreeOfACallNamesItsMethodAndItsBadCodeOnce(t *testing.T) {
	span := func(id, parent, kind string) Span {
		return Span{
			ID: id, Parent: parent, Trace: "4f0c719a5520b3ee", Service: "auth", Name: "auth.v1.Auth/Validate", Kind: kind,
			Start: began, End: began.Add(time.Millisecond),
			Attributes: []Attribute{{attr.RPCMethod, "auth.v1.Auth/Validate"}, {attr.RPCResponseStatusCode, "UNAVAILABLE"}},
		}
	}
	drawn := text(func(b *bytes.Buffer) {
		Tree(b, []Span{span("a", "", "Client"), span("b", "a", "Server")}, Options{Width: 100})
	})
	assert.Contains(t, drawn, "trace 4f0c719a5520b3ee  auth.v1.Auth/Validate  UNAVAILABLE  1.00 ms\n")
	assert.Contains(t, drawn, "└─ auth  auth.v1.Auth/Validate UNAVAILABLE")

	good := span("a", "", "Client")
	good.Attributes[1].Value = "OK"
	drawn = text(func(b *bytes.Buffer) { Tree(b, []Span{good}, Options{Width: 100}) })
	assert.Contains(t, drawn, "auth.v1.Auth/Validate  OK")
	assert.NotContains(t, drawn, "Validate OK")
}
