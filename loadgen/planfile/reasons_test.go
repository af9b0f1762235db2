package planfile

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// The reference and the code list the same reasons, in the same order, and agree on
// which of them are errors.
func TestTheReferenceHasEachReasonAndWhetherItIsAnError(t *testing.T) {
	var documented, actual [][3]string
	rows := regexp.MustCompile("(?m)^\\| (failed|not sent) \\| `([a-z_]+)` \\| .+ \\| (yes|no) \\|$")
	for _, row := range rows.FindAllStringSubmatch(readReference(t), -1) {
		documented = append(documented, [3]string(row[1:]))
	}
	yes := map[bool]string{true: "yes", false: "no"}
	for _, kind := range loadgen.ErrorKinds() {
		r := loadgen.Record{Outcome: loadgen.Failed, Error: kind}
		actual = append(actual, [3]string{"failed", string(kind), yes[r.Due()]})
	}
	for _, reason := range loadgen.NotSentReasons() {
		r := loadgen.Record{Outcome: loadgen.NotSent, NotSent: reason}
		actual = append(actual, [3]string{"not sent", string(reason), yes[r.Due()]})
	}
	assert.Equal(t, actual, documented)
}
