package planfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

const twoTargets = `attacks:
  - name: web
    http: {url: "https://api.test/x"}
    load: [{constant: 1/s, count: 1}]
  - name: calls
    grpc: {target: "192.0.2.1:9090", method: a.v1.B/C, plaintext: true}
    load: [{constant: 1/s, count: 1}]
limits:
  allowed_targets: `

func TestAPlanWhoseTargetIsNotAllowedIsRefusedAtItsPlace(t *testing.T) {
	_, err := planfile.Parse("plan.yaml", []byte(twoTargets+"[api.test:80, 10.0.0.0/8]\n"))
	assert.ErrorContains(t, err, "plan.yaml:6:20: attacks[1].grpc.target: 192.0.2.1:9090 is not in limits.allowed_targets")
	assert.NotContains(t, err.Error(), "attacks[0]", "its name may resolve into the network")

	_, err = planfile.Parse("plan.yaml", []byte(twoTargets+"[api.test:80, 192.0.2.1]\n"))
	require.NoError(t, err, "its name may be an address of the list")
	_, err = planfile.Parse("plan.yaml", []byte(twoTargets+"[api.test:80, 192.0.2.1:9090]\n"))
	assert.ErrorContains(t, err, "plan.yaml:3:17: attacks[0].http.url: api.test:443 is not in limits.allowed_targets")
}

func TestAListOfAllowedTargetsIsReadAndWrittenAgain(t *testing.T) {
	p, err := planfile.Parse("plan.yaml", []byte(twoTargets+"[\"*.test:443\", api.test, 192.0.2.0/24:9000-9999]\n"))
	require.NoError(t, err)
	src, err := planfile.Write(p)
	require.NoError(t, err)
	again, err := planfile.Parse("plan.yaml", src)
	require.NoError(t, err, "%s", src)
	assert.Equal(t, p, again)
}

func TestAListThatMakesNoSenseIsRefusedAtItsPlace(t *testing.T) {
	_, err := planfile.Parse("plan.yaml", []byte(twoTargets+"[api.test, \"http://x\"]\n"))
	assert.ErrorContains(t, err, `limits.allowed_targets[1]: "http://x"`)
	_, err = planfile.Parse("plan.yaml", []byte(twoTargets+"[]\n"))
	assert.ErrorContains(t, err, "limits.allowed_targets: is empty")
}
