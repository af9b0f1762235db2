package logsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rangeQuery is one request to query_range: lines from and including from, to and
// excluding to, the earliest first, at most limit.
type rangeQuery struct {
	logQL    string
	from, to time.Time
	limit    int
}

func (q rangeQuery) form() url.Values {
	return url.Values{
		"query":     {q.logQL},
		"start":     {strconv.FormatInt(q.from.UnixNano(), 10)},
		"end":       {strconv.FormatInt(q.to.UnixNano(), 10)},
		"limit":     {strconv.Itoa(q.limit)},
		"direction": {"forward"},
	}
}

// client queries one Loki, without retries.
type client struct {
	http        *http.Client
	timeout     time.Duration
	url         string
	tenant      string
	language    language
	maxResponse int64
	maxBody     int
	counts      *counts
}

// query makes one request. Its error is an *Error, unless ctx ended.
func (c *client) query(ctx context.Context, q rangeQuery) (page, error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	p, err := c.exchange(timed, q)
	switch e := (*Error)(nil); {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		return page{}, fmt.Errorf("ask loki: %w", context.Cause(ctx))
	// What breaks when the time is up may look like a broken connection.
	case errors.As(err, &e) && e.Kind == Unreachable && timed.Err() != nil:
		return page{}, &Error{Kind: Timeout, What: fmt.Sprintf("loki did not answer within %s (http.timeout)", c.timeout), Err: e.Err}
	}
	return page{}, err
}

func (c *client) exchange(ctx context.Context, q rangeQuery) (page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(q.form().Encode()))
	if err != nil {
		return page{}, &Error{Kind: Refused, What: "ask loki", Err: err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// Without it, every trace id would make a stream of its own.
	request.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	if c.tenant != "" {
		request.Header.Set("X-Scope-OrgID", c.tenant)
	}
	c.counts.requests.Add(1)
	response, err := c.http.Do(request)
	if err != nil {
		return page{}, broken(err)
	}
	defer response.Body.Close()
	body := &bounded{r: response.Body, left: c.maxResponse}
	defer func() { c.counts.bytes.Add(c.maxResponse - max(0, body.left)) }()
	if response.StatusCode != http.StatusOK {
		return page{}, c.statusError(response, body)
	}
	p, err := decode(body, c.language, c.maxBody, q.limit)
	if err != nil {
		return page{}, c.undecodable(response, body, err)
	}
	// What may be left is drained, for the connection's sake: it is a line break.
	_, _ = io.CopyN(io.Discard, response.Body, 512)
	return p, nil
}

// broken returns the error of a request whose response did not come, or broke off.
func broken(err error) error {
	return &Error{Kind: Unreachable, What: "loki cannot be reached", Err: err}
}

// undecodable returns the error of a response that is not, or not wholly, Loki's.
func (c *client) undecodable(r *http.Response, body *bounded, err error) error {
	switch {
	case body.exceeded:
		return &Error{Kind: TooLarge, Status: r.StatusCode,
			What: fmt.Sprintf("loki's answer exceeds max_response_bytes, %d", c.maxResponse)}
	case body.err != nil:
		return broken(body.err)
	}
	return &Error{Kind: InvalidResponse, Status: r.StatusCode,
		What: fmt.Sprintf("the answer (%s) is not Loki's; check http.endpoint", either(r.Header.Get("Content-Type"), "of no type")), Err: err}
}

// statusError returns the error for any status but 200.
func (c *client) statusError(r *http.Response, body io.Reader) error {
	text, _ := io.ReadAll(io.LimitReader(body, 4096))
	e := &Error{Status: r.StatusCode, Err: errors.New(errorMessage(string(text)))}
	switch code := r.StatusCode; {
	case code == http.StatusTooManyRequests:
		e.Kind, e.What = Throttled, "loki received too many requests"
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		e.Kind, e.What = Denied, "loki denied access: check tenant, http.auth and http.headers"
	case code >= 300 && code < 400:
		e.Kind, e.What = Refused, "loki's address redirects to another origin (http.endpoint)"
	case code >= 500 && outgrown.Match(text):
		e.Kind, e.What = TooLarge, "loki's answer exceeds a limit of its own"
	case code >= 500:
		e.Kind, e.What = Failed, "loki failed"
	default:
		e.Kind, e.What, e.pageLines = Refused, "loki refused the query", allowed(text)
	}
	e.What += ", status " + strconv.Itoa(r.StatusCode)
	if after, ok := retryAfter(r.Header.Get("Retry-After"), time.Now()); ok {
		e.after = after
	}
	return e
}

// sameOrigin follows no redirect to another origin, which would get the tenant and the
// credentials, too.
func sameOrigin(next *http.Request, before []*http.Request) error {
	from, to := before[0].URL, next.URL
	if from.Scheme != to.Scheme || !strings.EqualFold(from.Host, to.Host) || len(before) > 9 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Loki's messages when its components cannot send each other so large a message, and when
// a page has more lines than max_entries_limit_per_query allows.
var (
	outgrown    = regexp.MustCompile(`larger than max|exceeds the (max|limit)|message size`)
	tooManyRows = regexp.MustCompile(`max_entries_limit_per_query \(\d+ > (\d+)\)`)
)

// allowed returns the page size that Loki allows, if the text has it, else 0.
func allowed(text []byte) int {
	if m := tooManyRows.FindSubmatch(text); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	return 0
}

// errorMessage returns a server's error text on one line.
func errorMessage(text string) string {
	return either(shorten(strings.Join(strings.Fields(text), " "), 300), "no reason given")
}

// retryAfter reads a Retry-After header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// bounded reads until a limit, and remembers how reading ended.
type bounded struct {
	r        io.Reader
	left     int64
	exceeded bool
	err      error // other than the end
}

func (b *bounded) Read(p []byte) (int, error) {
	// One byte over the limit distinguishes a body that ends there from one that goes on.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.exceeded = true
		return 0, errors.New("the answer is too large")
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
