package otlpresponse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
)

// Type is the extension's component type.
var Type = component.MustNewType("otlp_response")

// NoOTLP is in the words of every error about an answer.
const NoOTLP = "which is not an OTLP response"

// maxAnswer bounds what is read of an answer that is not protobuf, in bytes.
const maxAnswer = 64 << 10

var _ extensionmiddleware.HTTPClient = middleware{}

// NewFactory makes an extension. Name it in the middlewares of an exporter of OTLP over
// HTTP.
func NewFactory() extension.Factory {
	return extension.NewFactory(Type,
		func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return middleware{}, nil
		}, component.StabilityLevelDevelopment)
}

type middleware struct {
	component.StartFunc
	component.ShutdownFunc
}

// GetHTTPRoundTripper implements extensionmiddleware.HTTPClient.
func (middleware) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, base http.RoundTripper) (http.RoundTripper, error) { return check{base}, nil }, nil
}

type check struct{ base http.RoundTripper }

// RoundTrip returns a permanent error (see consumererror) for a good answer that is not
// of OTLP.
func (c check) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(req)
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "application/x-protobuf" {
		return resp, nil // the exporter reads it
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) == 0 || kind == "application/json" && isOTLP(body) {
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	}
	if kind == "" {
		kind = "something without a content type"
	}
	return nil, consumererror.NewPermanent(fmt.Errorf("it answered %d with %s, %s", resp.StatusCode, kind, NoOTLP))
}

// isOTLP reports whether JSON is an answer of OTLP, of whichever signal: an object without
// keys, or with the one that it may have.
func isOTLP(body []byte) bool {
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil || answer == nil {
		return false
	}
	delete(answer, "partialSuccess")
	delete(answer, "partial_success")
	return len(answer) == 0
}
