package planfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

const digestPlan = `
name: checkout
attacks:
  - name: pay
    http:
      url: http://user:secret@127.0.0.1:8080/pay?x=1
      method: POST
      headers: {Authorization: Bearer one, Accept: text/html}
      body_file: %s
    load: [{name: peak, poisson: {rate: 200/s, seed: 1}, duration: 10s}]
limits: {overrun: 1s}
`

func digestOf(t *testing.T, body string, replace ...string) loadgen.PlanDigest {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(path, []byte(body), 0o600))
	plan, err := planfile.Parse("plan.yaml", []byte(strings.NewReplacer(replace...).Replace(fmt.Sprintf(digestPlan, path))))
	require.NoError(t, err)
	return planfile.Digest(plan)
}

// compare once took plans for the same that had one name, and for different ones that
// had two.
func TestADigestIsOfWhatAPlanDoesAndNotOfItsNames(t *testing.T) {
	base := digestOf(t, "{}")
	require.Len(t, base.Attacks, 1)
	for _, part := range []string{base.Plan, base.Attacks[0].Requests, base.Attacks[0].Client, base.Attacks[0].Load, base.Attacks[0].Address} {
		assert.Regexp(t, "^[0-9a-f]{12}$", part)
	}
	for name, same := range map[string][]string{
		"the same in another folder": nil,
		"the plan's name":            {"name: checkout", "name: other"},
		"the attack's name":          {"name: pay", "name: other"},
		"the stage's name":           {"name: peak, ", ""},
		"a token":                    {"Bearer one", "Bearer two"},
		"a password":                 {"secret", "other"},
		"thresholds":                 {"limits:", "thresholds: [{metric: error_ratio, at_most: 1%}]\nlimits:"},
		"a default that is written":  {"method: POST", "method: POST\n      timeout: 30s"},
	} {
		assert.Equal(t, base, digestOf(t, "{}", same...), name)
	}
	for name, c := range map[string]struct {
		replace []string
		change  func(d *loadgen.PlanDigest)
	}{
		"the path":    {[]string{"/pay?x=1", "/pay?x=2"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Requests = "" }},
		"the method":  {[]string{"POST", "PUT"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Requests = "" }},
		"a header":    {[]string{"text/html", "text/plain"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Requests = "" }},
		"the host":    {[]string{"8080", "8081"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Address = "" }},
		"the rate":    {[]string{"200/s", "201/s"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Load = "" }},
		"a seed":      {[]string{"seed: 1", "seed: 2"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Load = "" }},
		"the length":  {[]string{"duration: 10s", "duration: 11s"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Load = "" }},
		"the timeout": {[]string{"method: POST", "method: POST\n      timeout: 29s"}, func(d *loadgen.PlanDigest) { d.Attacks[0].Client = "" }},
		"the overrun": {[]string{"overrun: 1s", "overrun: 2s"}, func(d *loadgen.PlanDigest) { d.Plan = "" }},
	} {
		got, want := digestOf(t, "{}", c.replace...), digestOf(t, "{}")
		assert.NotEqual(t, want, got, name)
		c.change(&got)
		c.change(&want)
		assert.Equal(t, want, got, "%s changes one part alone", name)
	}
	unseeded := digestOf(t, "{}", ", seed: 1", "")
	assert.NotEqual(t, unseeded, digestOf(t, "{}", ", seed: 1", "", "name: pay", "name: other"), "another name has other times")
	assert.Equal(t, unseeded, digestOf(t, "{}", ", seed: 1", "", "name: checkout", "name: other"))
	assert.NotEqual(t, base.Attacks[0].Requests, digestOf(t, "[]").Attacks[0].Requests, "the content of a file")
}
