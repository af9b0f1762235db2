package loadgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"google.golang.org/genproto/googleapis/rpc/code"
	grpccodes "google.golang.org/grpc/codes"
)

func TestEveryCodeOfGRPCHasItsName(t *testing.T) {
	assert.Len(t, codes, len(code.Code_name))
	for number, name := range code.Code_name {
		assert.Equal(t, name, CodeName(int(number)))
	}
	assert.Equal(t, "17", CodeName(17))
	assert.Equal(t, "-1", CodeName(-1))
}

func TestACodeIsReadByEitherOfItsNames(t *testing.T) {
	for number, name := range code.Code_name {
		read, ok := ParseCode(name)
		assert.True(t, ok, name)
		assert.Equal(t, int(number), read)
		read, ok = ParseCode(grpccodes.Code(number).String())
		assert.True(t, ok, grpccodes.Code(number))
		assert.Equal(t, int(number), read)
	}
	for _, name := range []string{"", "200", "NO", "UNAVAILABLE!"} {
		_, ok := ParseCode(name)
		assert.False(t, ok, name)
	}
}

func TestAStatusIsNamedAsItsProtocolDoes(t *testing.T) {
	http, rpc := &Target{}, &Target{RPC: true}
	for want, r := range map[string]Record{
		"200":         {Target: http, Status: 200},
		"OK":          {Target: rpc},
		"UNAVAILABLE": {Target: rpc, Status: 14, Outcome: Failed},
	} {
		assert.Equal(t, want, r.StatusName())
	}
	for _, r := range []Record{{}, {Target: http, Outcome: Failed}, {Target: rpc, Outcome: Failed}, {Target: rpc, Outcome: NotSent}} {
		assert.Empty(t, r.StatusName())
	}
}
