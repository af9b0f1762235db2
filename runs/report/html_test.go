package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func rendered(t testing.TB, a, b *Data) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, HTML(&out, a, b))
	assert.LessOrEqual(t, out.Len(), maxPage)
	return out.String()
}

func TestAPageForbidsTheNetworkAndNamesNothingInIt(t *testing.T) {
	page := rendered(t, severalAttacks(1), severalAttacks(2))
	assert.Regexp(t, `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[^']+' 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'">`, page)
	body := program.ReplaceAllString(dataBlock.ReplaceAllString(page, ""), "")
	assert.NotRegexp(t, `(src|href)="[^#]`, body)
	assert.NotRegexp(t, `style="`, body, "the policy would not allow it")
	assert.NotRegexp(t, `\son[a-z]+="`, body)
}

// Cells with a figure have what the JSON summary has, and what the terminal writes.
func TestTheFiguresOfAPageAreThoseOfTheJSONSummary(t *testing.T) {
	d := severalAttacks(1)
	page := rendered(t, d, nil)
	src, err := json.Marshal(d.Summary)
	require.NoError(t, err)
	var s summary.Summary
	require.NoError(t, json.Unmarshal(src, &s))
	checked := 0
	for _, f := range append([]*summary.Figures{&s.Total}, &s.Attacks[0].Figures, &s.Attacks[1].Figures, &s.Attacks[2].Figures) {
		for _, q := range []summary.Quantiles{f.ResponseTime, f.ServiceTime, f.Lag, f.Phases.Wait} {
			for _, v := range []summary.Seconds{q.P50, q.P99} {
				checked++
				assert.Contains(t, page, fmt.Sprintf(`data-value="%s">%s</td>`, strconv.FormatFloat(float64(v), 'g', -1, 64), quantity.Seconds(float64(v))))
			}
		}
		for _, n := range []uint64{f.Requests.Planned, f.Requests.Finished, f.Requests.Failed, f.Requests.Unsent()} {
			checked++
			assert.Contains(t, page, fmt.Sprintf(`data-value="%d">%s</td>`, n, quantity.Count(n)))
		}
	}
	for i := range s.Slowest {
		checked++
		assert.Contains(t, page, s.Slowest[i].TraceID)
		assert.Contains(t, page, ">"+quantity.Seconds(float64(s.Slowest[i].ResponseTime))+"</td>")
	}
	assert.Greater(t, checked, 50)
	// All cells with a value show that value.
	for _, cell := range regexp.MustCompile(`<td class="n" data-value="([^"]+)">([^<]+)</td>`).FindAllStringSubmatch(page, -1) {
		if strings.HasSuffix(cell[2], "s") && !strings.HasSuffix(cell[2], "/s") {
			v, err := strconv.ParseFloat(cell[1], 64)
			require.NoError(t, err)
			assert.Equal(t, quantity.Seconds(v), cell[2])
		}
	}
}

func TestARunOfNothingAndOfOneRequestHaveAPage(t *testing.T) {
	page := rendered(t, newSample("validate").data(), nil)
	assert.Contains(t, page, "No request was sent, so nothing was measured.")
	assert.NotContains(t, page, "<figure")

	s := newSample("validate")
	s.flow(0, 1, time.Millisecond)
	page = rendered(t, s.data(), nil)
	assert.Contains(t, page, `id="c-latency"`)
	assert.NotContains(t, page, "Target: ", "there is no telemetry")

	assert.NotEmpty(t, rendered(t, &Data{Summary: &summary.Summary{}}, &Data{Summary: &summary.Summary{}}))
}

// Twenty million requests are what their histograms are.
func TestAPageOfTwentyMillionRequestsIsNoLarger(t *testing.T) {
	b := NewBuilder("a", "b")
	target := &loadgen.Target{Method: "GET", URL: "http://h/"}
	for i := range 2 * maxCells * 8 {
		at := began.Add(time.Duration(i/2) * time.Second)
		b.Add(&loadgen.Record{Attack: i % 2, Seq: uint64(i), Open: true, Target: target, Status: 200, Intended: at, Sent: at, Done: at.Add(time.Duration(1+i%977) * time.Millisecond)})
	}
	per := uint64(20_000_000 / (2 * len(b.attacks[0].timeline.cells)))
	for _, a := range b.attacks {
		for i := range a.timeline.cells {
			c := &a.timeline.cells[i]
			for j := range uint64(500) {
				d := time.Duration(1+j*j) * 10 * time.Microsecond
				c.response.AddN(d, per/500)
				c.service.AddN(d, per/500)
			}
			c.ok, c.due, c.sent = c.ok+per, c.due+per, c.sent+per
		}
	}
	d := b.Data(&summary.Summary{Began: began, Attacks: []summary.Attack{{Name: "a"}, {Name: "b"}}})
	assert.Greater(t, d.Series[0].Response.Count(), uint64(18_000_000))
	page := rendered(t, d, nil)
	assert.Less(t, len(page), 1<<20)
}

func TestTwoRunsAreHeldAgainstEachOther(t *testing.T) {
	a, b := severalAttacks(1), severalAttacks(2)
	page := rendered(t, a, b)
	assert.Contains(t, page, `id="comparison"`)
	assert.Contains(t, page, "First run")
	assert.Contains(t, page, "Second run")
	for _, d := range []*Data{a, b} {
		assert.Contains(t, page, d.Summary.Slowest[0].TraceID)
	}
}

// BenchmarkHTML takes a million requests and writes their page.
func BenchmarkHTML(b *testing.B) {
	s := newSample("validate")
	records := make([]loadgen.Record, 0, 1_000_000)
	for range cap(records) {
		r := s.record(0, 2*time.Millisecond)
		r.Sent = r.Intended.Add(60 * time.Microsecond)
		r.Done = r.Sent.Add(r.Phases.Sum())
		records = append(records, r)
	}
	d := s.data()
	b.ReportAllocs()
	for b.Loop() {
		builder := NewBuilder("validate")
		for i := range records {
			builder.Add(&records[i])
		}
		if err := HTML(io.Discard, builder.Data(d.Summary), nil); err != nil {
			b.Fatal(err)
		}
	}
}
