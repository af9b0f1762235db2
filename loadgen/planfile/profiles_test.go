package planfile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const attackOfProfiles = "attacks: [{http: {url: 'http://127.0.0.1:8080/shop'}, load: [{constant: 1/s, duration: 1s}]}]\n"

func TestProfilesAreAskedForWhereThePlanSays(t *testing.T) {
	for written, want := range map[string]string{
		"profiles: {url: 'http://127.0.0.1:6060/debug/pprof/'}": "http://127.0.0.1:6060/debug/pprof/",
		"profiles: {url: 'http://127.0.0.1:6060/debug/pprof'}":  "http://127.0.0.1:6060/debug/pprof/",
		"profiles: {url: auto}":                                 "http://127.0.0.1:8080/debug/pprof/",
	} {
		plan, err := Parse("p.yaml", []byte(attackOfProfiles+written))
		require.NoError(t, err, written)
		u, err := ProfilesURL(plan)
		require.NoError(t, err, written)
		assert.Equal(t, want, u.String())
		assert.Equal(t, 2*time.Second, plan.Profiles.CPU)
	}
}

func TestProfilesThatCannotBeAskedForAreFaults(t *testing.T) {
	for written, fault := range map[string]string{
		"profiles: {url: 6060}":                  `"6060" is not a URL`,
		"profiles: {url: 'ftp://h/'}":            "is not a URL",
		"profiles: {url: 'http://me:secret@h/'}": "has user information",
		"profiles: {url: auto, cpu: 10m}":        "is not between 1s and 1m",
		"profiles: {url: auto, cpu: 0s}":         "leave the key out for the default, 2s",
		"profiles: {url: 'http://10.9.9.9:1/'}\nlimits: {allowed_targets: ['127.0.0.1']}": "profiles.url: 10.9.9.9:1 is not in limits.allowed_targets",
	} {
		_, err := Parse("p.yaml", []byte(attackOfProfiles+written))
		assert.ErrorContains(t, err, fault, written)
		assert.NotContains(t, err.Error(), "secret")
	}
	_, err := Parse("p.yaml", []byte("attacks: [{grpc: {target: 'h:1', method: a.B/C, plaintext: true}, load: [{constant: 1/s, duration: 1s}]}]\nprofiles: {url: auto}"))
	assert.ErrorContains(t, err, "auto needs an attack with http.url")
}
