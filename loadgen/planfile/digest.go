package planfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"net/textproto"
	"net/url"
	"os"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// digestDigits is how long a part of a digest is. Who compares runs has few plans.
const digestDigits = 12

// Digest hashes what a plan does, with the files that it names as they are now. A file
// that cannot be read, or is no regular one, goes in by its path.
func Digest(p *loadgen.Plan) loadgen.PlanDigest {
	whole := []any{p.Order, p.Limits.Grace, p.Limits.Overrun, p.Limits.MaxDuration}
	if p.Profiles != nil { // they cost the target something
		whole = append(whole, p.Profiles.CPU)
	}
	d := loadgen.PlanDigest{Plan: digested(whole...)}
	for i := range p.Attacks {
		d.Attacks = append(d.Attacks, digestAttack(&p.Attacks[i]))
	}
	return d
}

func digestAttack(a *loadgen.Attack) loadgen.Digest {
	d := loadgen.Digest{Load: digested(nameless(a.Load))}
	how := []any{a.Workers, a.MaxWorkers, a.Baggage}
	switch {
	case a.HTTP != nil:
		h := a.HTTP
		address, path := split(h.URL)
		d.Address = digested(address)
		d.Requests = digested("http", h.Method, path, withoutCredentials(h.Headers), h.Body, file(h.BodyFile), targetsFile(h.Targets))
		d.Client = digested(append(how, h.Protocol, h.KeepAlive == nil || *h.KeepAlive, h.Connections, h.MaxConnections, h.Timeout,
			h.Redirects, h.MaxBody, h.TLS.ServerName, h.TLS.InsecureSkipVerify)...)
	case a.GRPC != nil:
		g := a.GRPC
		d.Address = digested(g.Target)
		d.Requests = digested("grpc", g.Method, g.Data, file(g.DataFile), file(g.BinaryFile), withoutCredentials(g.Metadata), g.Stream)
		d.Client = digested(append(how, g.Plaintext, g.Connections, g.Timeout, g.Compression, g.KeepAlive, g.WaitForReady,
			g.Authority, g.TLS.ServerName, g.TLS.InsecureSkipVerify)...)
	}
	return d
}

// digested is the hash of values, each in JSON, which has maps in the order of their keys.
func digested(values ...any) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, v := range values {
		if f, ok := v.(content); ok {
			f.into(h)
		} else if err := enc.Encode(v); err != nil {
			io.WriteString(h, err.Error()) // a float that is not a number, which no valid plan has
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:digestDigits]
}

// content is a file that counts by what is in it.
type content struct{ path string }

func file(path string) content { return content{path} }

func (c content) into(h hash.Hash) {
	io.WriteString(h, "file ")
	if info, err := os.Stat(c.path); err == nil && info.Mode().IsRegular() {
		if f, err := os.Open(c.path); err == nil {
			defer f.Close()
			io.Copy(h, f)
			return
		}
	}
	io.WriteString(h, c.path)
}

func targetsFile(t *loadgen.Targets) any {
	if t == nil {
		return nil
	}
	return file(t.File)
}

// split takes the scheme and host off a URL. Its user information counts as credentials do.
func split(address string) (where, what string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", address
	}
	return u.Scheme + "://" + u.Host, u.RequestURI()
}

// credentials are the headers and metadata whose value may differ from run to run, and
// which must not be guessed from a hash.
var credentials = []string{"Authorization", "Proxy-Authorization", "Cookie"}

func withoutCredentials(headers map[string]string) map[string]string {
	headers = maps.Clone(headers)
	for key := range headers {
		if slices.Contains(credentials, textproto.CanonicalMIMEHeaderKey(key)) {
			headers[key] = ""
		}
	}
	return headers
}

// nameless are stages without their names. Seeds stay, also those that follow from the
// attack's name: with another one the requests have other times.
func nameless(load []pace.Stage) []pace.Stage {
	load = slices.Clone(load)
	for i := range load {
		load[i].Name = ""
	}
	return load
}
