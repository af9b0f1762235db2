package planfile

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

const (
	exampleTarget = "write one such as 127.0.0.1:9090"
	exampleMethod = "write package.Service/Method, such as grpc.health.v1.Health/Check"
	// leastKeepAlive is the shortest time that gRPC-Go waits between pings; it takes
	// a shorter one for this without a word.
	leastKeepAlive = 10 * time.Second
)

var (
	rpcMethod   = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*/[A-Za-z_]\w*$`)
	metadataKey = regexp.MustCompile(`^[0-9A-Za-z_.-]+$`)
	ascii       = regexp.MustCompile(`^[ -~]*$`)
)

// ownedMetadata are the keys that a plan cannot set, and why. What begins with
// grpc- is gRPC's.
var ownedMetadata = map[string]string{
	"traceparent":  "is the generator's: it names the trace of each call",
	"tracestate":   "is the generator's: it names the run",
	"content-type": "is gRPC's own",
	"user-agent":   "is gRPC's own",
	"te":           "is gRPC's own",

	"connection":        "has no meaning in HTTP/2, which forbids it",
	"keep-alive":        "has no meaning in HTTP/2, which forbids it",
	"proxy-connection":  "has no meaning in HTTP/2, which forbids it",
	"transfer-encoding": "has no meaning in HTTP/2, which forbids it",
	"upgrade":           "has no meaning in HTTP/2, which forbids it",
	"host":              "is what HTTP/2 has an authority for",
	"content-length":    "is the length of a call's messages, which gRPC frames",
}

func (v *validator) grpc(g *loadgen.GRPC, key string) {
	v.grpcTarget(g.Target, key+".target")
	v.grpcMethod(g.Method, key+".method")
	v.description(g, key)
	v.messages(g, key)
	v.metadata(g.Metadata, key+".metadata")
	if g.Plaintext && g.TLS != (loadgen.TLS{}) {
		v.add(key+".tls", "there is plaintext, which is without TLS", "leave one of the two out")
	}
	v.tls(g.TLS, key+".tls")
	if !ascii.MatchString(g.Authority) {
		v.add(key+".authority", quote(g.Authority)+" is no host", "write one such as api.test")
	}
	v.upTo(key+".connections", g.Connections, maxGRPCConnections, "4")
	notNegative(v, key+".timeout", g.Timeout, "30s")
	if g.Compression != "" && g.Compression != "gzip" {
		v.add(key+".compression", quote(g.Compression)+" is not supported", "write gzip, or leave it out for none")
	}
	v.keepAlive(g.KeepAlive, key+".keep_alive")
	v.upTo(key+".stream.messages", g.Stream.Messages, maxMessages, "10, or leave it out to send the list once")
	notNegative(v, key+".stream.interval", g.Stream.Interval, "100ms")
	notNegative(v, key+".stream.duration", g.Stream.Duration, "10s, or leave it out for no limit")
	v.streamEnd(g, key+".stream")
	v.files(grpcFiles(g), key)
}

func (v *validator) grpcTarget(target, key string) {
	if target == "" {
		v.add(key, "is missing", exampleTarget)
		return
	}
	host, port, err := net.SplitHostPort(target)
	switch {
	case strings.Contains(target, "/"):
		v.add(key, quote(loadgen.RedactFaulty(target))+" is more than host:port", exampleTarget)
	case err != nil || host == "" || port == "" || !ascii.MatchString(host) || strings.Contains(host, " "):
		v.add(key, quote(loadgen.RedactFaulty(target))+" is not host:port", exampleTarget)
	case !targets.ValidPort(port):
		v.add(key, "port "+utf8text.Clip(port)+" is not between 1 and 65535", exampleTarget)
	}
}

func (v *validator) grpcMethod(method, key string) {
	fix := exampleMethod
	if dot := strings.LastIndexByte(method, '.'); dot > 0 {
		if meant := method[:dot] + "/" + method[dot+1:]; rpcMethod.MatchString(meant) {
			fix = "did you mean " + meant + "?"
		}
	}
	if meant := strings.TrimPrefix(method, "/"); meant != method && rpcMethod.MatchString(meant) {
		fix = "did you mean " + meant + "?"
	}
	switch {
	case method == "":
		v.add(key, "is missing", exampleMethod)
	case !rpcMethod.MatchString(method):
		v.add(key, quote(method)+" is not a method", fix)
	}
}

// description checks where the service's description comes from.
func (v *validator) description(g *loadgen.GRPC, key string) {
	if g.Proto != "" && g.Protoset != "" {
		v.add(key+".protoset", "there is proto too", "write proto or protoset, or neither for the target's reflection service")
	}
	if len(g.ImportPaths) > 0 && g.Proto == "" {
		v.add(key+".import_paths", "there is no proto to import into", "write proto too, or leave it out")
	}
	for i, path := range g.ImportPaths {
		if path == "" {
			v.add(item(key+".import_paths", i), "is empty", "name a folder, or remove it")
		}
	}
}

func (v *validator) messages(g *loadgen.GRPC, key string) {
	given := ""
	for _, m := range [...]struct{ key, value string }{
		{"data", g.Data}, {"data_file", g.DataFile}, {"binary_file", g.BinaryFile},
	} {
		switch {
		case m.value == "":
		case given != "":
			v.add(key+"."+m.key, "there is "+given+" too", "write one of data, data_file and binary_file")
		default:
			given = m.key
		}
	}
	v.data(g.Data, key+".data")
}

// data is checked here only if no template is in it, since what a template
// makes of it is known when the call is made.
func (v *validator) data(data, key string) {
	if data == "" || strings.Contains(data, "{{") {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(data), &value); err != nil {
		v.add(key, "is no JSON: "+err.Error(), `write a message such as {"name": "x"}, or a list of them`)
	}
}

func (v *validator) metadata(metadata map[string]string, key string) {
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		key, canonical := join(key, utf8text.Clip(name)), strings.ToLower(name)
		switch {
		case !metadataKey.MatchString(name):
			v.add(key, quote(name)+" is not a key of metadata", "use letters, digits, -, _ and .")
		case canonical == "host":
			v.add(key, ownedMetadata[canonical], "leave it out, and set authority")
		case ownedMetadata[canonical] != "":
			v.add(key, ownedMetadata[canonical], "leave it out")
		case strings.HasPrefix(canonical, "grpc-"):
			v.add(key, "is gRPC's own, as all that begins with grpc-", "leave it out")
		case !strings.HasSuffix(canonical, "-bin") && !ascii.MatchString(metadata[name]):
			v.add(key, "its value has characters that only binary metadata may have",
				"write printable ASCII, or let the key end in -bin and write base64")
		case spelled[canonical] != "":
			v.add(key, "is the same key as "+spelled[canonical], "remove one of the two")
		case strings.HasSuffix(canonical, "-bin"):
			v.binary(metadata[name], key)
		}
		spelled[canonical] = name
	}
}

// binary metadata are checked here only if no template is in them.
func (v *validator) binary(value, key string) {
	if strings.Contains(value, "{{") {
		return
	}
	if _, err := base64.StdEncoding.DecodeString(value); err != nil {
		v.add(key, "is no base64, in which values of keys that end in -bin are written: "+err.Error(),
			"write base64, such as AAE= for the bytes 0 and 1")
	}
}

// streamEnd checks how a stream is ended. Whether the method has one is known when the
// service is described.
func (v *validator) streamEnd(g *loadgen.GRPC, key string) {
	s := g.Stream
	switch {
	case s.End == "" || s.End == loadgen.StreamHalfClose:
	case s.End != loadgen.StreamCancel:
		v.add(key+".end", quote(string(s.End))+" is no way to end a stream", "write half_close or cancel")
	case s.Duration == 0:
		v.add(key+".end", "there is no duration after which the call is cancelled", "write duration too, such as 10s")
	case s.Duration > 0 && g.Timeout > 0 && s.Duration >= g.Timeout:
		v.add(key+".duration", "is not less than the timeout, "+formatDuration(g.Timeout)+", at which the call fails", "lower it, or raise timeout")
	}
}

func (v *validator) keepAlive(k loadgen.KeepAlive, key string) {
	notNegative(v, key+".time", k.Time, "30s, or leave it out for no pings")
	notNegative(v, key+".timeout", k.Timeout, "20s")
	switch {
	case k.Time > 0 && k.Time < leastKeepAlive:
		v.add(key+".time", "is less than 10s, and gRPC does not send pings more often", "write 10s or more")
	case k.Time == 0 && k.Timeout > 0:
		v.add(key+".timeout", "there are no pings to wait for", "write time too, such as 30s")
	}
}
