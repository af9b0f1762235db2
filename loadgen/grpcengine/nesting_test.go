package grpcengine

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// An option of 600,000 braces once took gigabytes and 20 seconds.
func TestAProtoFileThatIsNestedTooDeeplyIsRefusedBeforeItIsCompiled(t *testing.T) {
	const begin = "syntax = \"proto3\";\npackage k;\n"
	for text, want := range map[string]string{
		"option (x) = " + strings.Repeat("{a:", 600_000):                                           "line 3: nested more than 100 deep",
		"/* a\nb */ option (x) = {a:" + strings.Repeat("[", 100):                                   "line 4: nested more than 100 deep",
		strings.Repeat("message A{", 101) + strings.Repeat("}", 101):                               "line 3: nested more than 100 deep",
		"option (x) = {a: '\\'', b: " + strings.Repeat("<a:", 600_000):                             "line 3: nested more than 100 deep",
		"// " + strings.Repeat("{", 101) + "\n/*" + strings.Repeat("(", 101):                       "",
		"option (x) = \"\\\"" + strings.Repeat("{", 101) + "\" '" + strings.Repeat("[", 101) + "'": "",
		strings.Repeat("}", 9) + strings.Repeat("{}", 1000) + "/":                                  "",
		"'\n" + strings.Repeat("{", 101):                                                           "line 4: nested more than 100 deep",
	} {
		err := checkNesting([]byte(begin + text))
		if want == "" {
			assert.NoError(t, err, "%.40s", text)
			continue
		}
		assert.EqualError(t, err, want, "%.40s", text)
		file := write(t, "k.proto", begin+text)
		_, err = describeFrom(t.Context(), &loadgen.GRPC{Proto: file}, "k.K", nil)
		assert.ErrorContains(t, err, "grpc.proto: ")
		assert.ErrorContains(t, err, want+"; correct it", "%.40s", text)
	}
	assert.NoError(t, checkNesting([]byte(allKinds)))
}
