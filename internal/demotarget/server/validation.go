package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/demotarget/decide"
	"github.com/loadtrace/loadtrace/internal/demotarget/service"
)

// maxBody bounds a request's body, in bytes; a longer one is refused with 413.
const maxBody = 64 << 10

// statusClientGone is what nginx logs for a client that did not wait. Nobody
// gets to read it but whoever looks at the span.
const statusClientGone = 499

// validation answers with the claims of the token that a request carries.
type validation struct{ service *service.Service }

// refusal is the body of every answer but a good one.
type refusal struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

func (v validation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := tokenOf(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	claims, err := v.service.Validate(r.Context(), time.Now(), raw)
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusOK, claims)
}

// tokenOf finds the token: in the Authorization header, or else in a JSON body.
// No token at all is no error here; the service refuses it.
func tokenOf(w http.ResponseWriter, r *http.Request) (string, error) {
	if scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(raw), nil
	}
	var body struct {
		Token string `json:"token"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the request's body: %w", err)
	}
	return body.Token, nil
}

func refuse(w http.ResponseWriter, err error) {
	status, code := classify(err)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="auth"`)
	}
	reply(w, status, refusal{Error: code, Message: err.Error()})
}

// classify says which status and error code a fault of validation has.
func classify(err error) (status int, code string) {
	var tooLong *http.MaxBytesError
	switch {
	case errors.Is(err, service.ErrMissing):
		return http.StatusUnauthorized, "missing_token"
	case errors.Is(err, service.ErrUnknown):
		return http.StatusUnauthorized, "unknown_token"
	case errors.Is(err, service.ErrExpired):
		return http.StatusUnauthorized, "expired_token"
	case errors.Is(err, service.ErrUnavailable):
		return http.StatusServiceUnavailable, "store_unavailable"
	case errors.Is(err, errPolicy):
		return http.StatusServiceUnavailable, "policy_unavailable"
	case errors.Is(err, decide.ErrClosed):
		return http.StatusServiceUnavailable, "stopping"
	case errors.Is(err, context.Canceled):
		return statusClientGone, "client_gone"
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "timeout"
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge, "body_too_long"
	default:
		return http.StatusBadRequest, "bad_request"
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error here is a client that went away.
	_ = json.NewEncoder(w).Encode(body)
}
