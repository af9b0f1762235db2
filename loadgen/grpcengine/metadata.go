package grpcengine

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	ghz "github.com/bojand/ghz/runner"
	"google.golang.org/grpc/metadata"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// headers are an attack's own metadata.
type headers struct {
	fixed   metadata.MD
	changes map[string]*template.Template // values that differ from call to call
}

// readMetadata checks metadata by filling it for one call.
func readMetadata(values map[string]string, call *ghz.CallData) (headers, error) {
	h := headers{fixed: metadata.MD{}, changes: map[string]*template.Template{}}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := h.read(key, values[key], call); err != nil {
			faults = append(faults, &pace.KeyError{
				Key: "grpc.metadata." + key, What: err.Error(), Fix: "correct it",
			})
		}
	}
	return h, errors.Join(faults...)
}

func (h headers) read(key, text string, call *ghz.CallData) error {
	key = strings.ToLower(key)
	if err := checkKey(key); err != nil {
		return err
	}
	t, err := newTemplate(text)
	if err != nil {
		return err
	}
	value, err := fillValue(key, t, call)
	if err != nil {
		return err
	}
	if templated(t) {
		h.changes[key] = t
	} else {
		h.fixed[key] = []string{value}
	}
	return nil
}

// fill is the metadata of a call, which is the caller's.
func (h headers) fill(call *ghz.CallData) (metadata.MD, error) {
	md := make(metadata.MD, len(h.fixed)+len(h.changes)+5)
	for k, v := range h.fixed {
		md[k] = slices.Clip(v)
	}
	for k, t := range h.changes {
		value, err := fillValue(k, t, call)
		if err != nil {
			return nil, &pace.KeyError{Key: "grpc.metadata." + k, What: fmt.Sprintf("in call %d: %v", call.RequestNumber, err), Fix: "correct it"}
		}
		md[k] = []string{value}
	}
	return md, nil
}

func fillValue(key string, t *template.Template, call *ghz.CallData) (string, error) {
	var b filling
	if err := t.Execute(&b, call); err != nil {
		return "", templateFault(err)
	}
	value := b.String()
	if strings.HasSuffix(key, "-bin") {
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return "", fmt.Errorf("a value of a key that ends in -bin is written in base64: %w", err)
		}
		return string(raw), nil
	}
	for i := range len(value) {
		if value[i] < 0x20 || value[i] > 0x7e {
			return "", errors.New("the value has a character that is not printable ASCII, which needs a key that ends in -bin, and base64")
		}
	}
	return value, nil
}

func checkKey(key string) error {
	if key == "" || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return errors.New("a key is made of letters, digits, dots, - and _")
	}
	if strings.HasPrefix(key, "grpc-") || slices.Contains(reserved, key) {
		return errors.New("the key is gRPC's own, or HTTP/2's")
	}
	return nil
}

// reserved are the keys that gRPC sets itself, and those that mean a connection or
// the framing of a body, which HTTP/2 forbids or says otherwise (RFC 9113, section
// 8.2.2).
var reserved = []string{
	"content-type", "user-agent", "te",
	"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "content-length",
}
