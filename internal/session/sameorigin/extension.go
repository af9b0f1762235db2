package sameorigin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
)

// Type is the extension's component type.
var Type = component.MustNewType("same_origin")

var _ extensionmiddleware.HTTPClient = (*middleware)(nil)

// NewFactory makes an extension. Name it in the middlewares of an HTTP client.
func NewFactory() extension.Factory {
	return extension.NewFactory(Type,
		func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return &middleware{}, nil
		}, component.StabilityLevelDevelopment)
}

type middleware struct {
	component.StartFunc
	component.ShutdownFunc
}

// GetHTTPRoundTripper returns a wrapper that refuses redirects to another origin.
func (*middleware) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
		return sameOriginTripper{next}, nil
	}, nil
}

// sameOriginTripper refuses redirects to another origin.
type sameOriginTripper struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l sameOriginTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Response != nil && r.Response.Request != nil && !same(r.Response.Request.URL, r.URL) {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, fmt.Errorf("it redirects to another origin, %s://%s; if that is the endpoint, write it", r.URL.Scheme, r.URL.Host)
	}
	return l.next.RoundTrip(r)
}

func same(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}
