package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/demotarget/decide"
	"github.com/loadtrace/loadtrace/internal/demotarget/policy"
	"github.com/loadtrace/loadtrace/internal/demotarget/service"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// errPolicy is a policy service that could not say what is allowed.
var errPolicy = errors.New("policy service is unavailable")

// Authorization reports whether the holder of a token may do something: the token is
// validated, which may ask the store over HTTP, its grants are asked of the
// policy service over gRPC, and workers decide.
type Authorization struct {
	Service *service.Service
	Policy  policy.Client
	Pool    decide.Pool
	Bodies  Bodies
	Journal Journal
}

// question is the body of a request.
type question struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// answer is the body of a good answer.
type answer struct {
	Decision  string         `json:"decision"` // allow or deny
	Action    string         `json:"action"`
	Resource  string         `json:"resource"`
	Subject   string         `json:"subject"`
	Scopes    []string       `json:"scopes"`
	ExpiresAt time.Time      `json:"expires_at"`
	By        []policy.Grant `json:"by,omitempty"` // the grants that allow it
	Grants    []policy.Grant `json:"grants"`       // all that the subject has, for the caller's cache
	Asked     uint64         `json:"asked"`        // how often the subject asked
}

// LogValue is the answer in a line of log.
func (a *answer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("decision", a.Decision), slog.String("subject", a.Subject),
		slog.String("action", a.Action), slog.String("resource", a.Resource))
}

// ServeHTTP implements http.Handler.
func (a *Authorization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if out, err := a.authorize(w, r); err != nil {
		refuse(w, err)
	} else {
		a.Bodies.write(w, out)
	}
}

func (a *Authorization) authorize(w http.ResponseWriter, r *http.Request) (*answer, error) {
	ctx := r.Context()
	var asked question
	if err := a.Bodies.read(http.MaxBytesReader(w, r.Body, maxBody), &asked); err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	a.Journal.note(ctx, "request", shown{r.Method, r.URL.Path, r.Header})
	claims, err := a.Service.Validate(ctx, time.Now(), bearer(r))
	if err != nil {
		return nil, err
	}
	a.Journal.note(ctx, "claims", claims)
	grants, err := a.grants(ctx, claims)
	if err != nil {
		return nil, err
	}
	a.Journal.note(ctx, "grants", grants)
	d, err := a.Pool.Decide(ctx, decide.Question{
		Subject: claims.Subject, Action: asked.Action, Resource: asked.Resource, Grants: grants,
	})
	if err != nil {
		return nil, err
	}
	out := &answer{
		Decision: "deny", Action: asked.Action, Resource: asked.Resource,
		Subject: claims.Subject, Scopes: claims.Scopes, ExpiresAt: claims.ExpiresAt,
		By: d.By, Grants: grants, Asked: d.Asked,
	}
	if d.Allowed {
		out.Decision = "allow"
	}
	a.Journal.note(ctx, "answer", out)
	return out, nil
}

func (a *Authorization) grants(ctx context.Context, c token.Claims) ([]policy.Grant, error) {
	grants, err := a.Policy.Grants(ctx, c.Subject, c.Scopes)
	switch {
	case err == nil:
		return grants, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, fmt.Errorf("%w: %w", errPolicy, err)
	}
}

// bearer is the token of the Authorization header, or nothing.
func bearer(r *http.Request) string {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(raw)
}
