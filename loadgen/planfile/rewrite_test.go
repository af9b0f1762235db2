package planfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAPlanThatIsWrittenAgainIsTheSamePlan(t *testing.T) {
	paths, err := filepath.Glob(examples + "/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		src, err := os.ReadFile(path)
		require.NoError(t, err)
		sets := []string{"limits.grace=2s", "limits.max_duration=null", "attacks[0].baggage=true",
			"thresholds=[{metric: error_ratio, at_most: 1%}, {metric: status, status: '404', at_most: 0%}]"}
		want, err := Parse(path, src, Set(sets...))
		require.NoError(t, err)
		text, err := Rewrite(path, src, sets...)
		require.NoError(t, err)
		got, err := Parse(path, text)
		require.NoError(t, err, "%s", text)
		assert.Equal(t, want, got, "%s", text)
	}
}

func TestVariablesStayAsTheyAreWhenAPlanIsWrittenAgain(t *testing.T) {
	text, err := Rewrite("plan.yaml", []byte(`attacks: [{http: {url: 'http://h/', headers: {Authorization: "Bearer ${env:TOKEN}"}}, load: [{constant: "${env:RATE}", count: 5}]}]`),
		"attacks[0].http.body=$${env:NOT}", "attacks[0].workers=${env:WORKERS}")
	require.NoError(t, err)
	assert.Equal(t, `attacks:
  - http:
      url: http://h/
      headers:
        Authorization: "Bearer ${env:TOKEN}"
      body: "$${env:NOT}"
    load:
      - constant: "${env:RATE}"
        count: 5
    workers: ${env:WORKERS}
`, string(text))
	plan, err := Parse("plan.yaml", text, Env(func(name string) (string, bool) {
		v, ok := map[string]string{"TOKEN": "x", "RATE": "5/s", "WORKERS": "3"}[name]
		return v, ok
	}))
	require.NoError(t, err)
	assert.Equal(t, "Bearer x", plan.Attacks[0].HTTP.Headers["Authorization"])
	assert.Equal(t, 3, plan.Attacks[0].Workers)
}

func TestAnyTextSurvivesWhenAPlanIsWrittenAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.String().Draw(t, "body")
		src := []byte("attacks: [{http: {url: 'http://h/', literal: true}, load: [{constant: 1/s, count: 1}]}]")
		set := "attacks[0].http.body=" + body
		want, err := Parse("", src, Set(set), Literal())
		require.NoError(t, err)
		text, err := Rewrite("", src, set)
		require.NoError(t, err)
		got, err := Parse("", text, Literal())
		require.NoError(t, err, "%s", text)
		require.Equal(t, want, got, "%s", text)
	})
}

func TestFaultsOfValuesAreReportedWhenAPlanIsWrittenAgain(t *testing.T) {
	_, err := Rewrite("plan.yaml", []byte("attacks: []"), "atacks=1")
	assert.ErrorContains(t, err, "--set atacks: atacks: unknown key; did you mean attacks?")
	_, err = Rewrite("plan.yaml", []byte("attacks: ["))
	assert.ErrorContains(t, err, "plan.yaml:")
}
