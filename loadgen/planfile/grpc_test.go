package planfile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// withGRPC is a plan with further keys of grpc, on line 5 from column 5.
func withGRPC(keys string) string {
	return "attacks:\n- grpc:\n    target: h:1\n    method: a.B/C\n    " + keys + "\n  load: [{constant: 1/s, count: 1}]\n"
}

func TestEveryKeyOfGRPCIsRead(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"auth.proto", "token.json", "ca.pem", "client.pem", "client.key"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "protos"), 0o700))
	plan, err := planfile.Parse(filepath.Join(dir, "plan.yaml"), []byte(`attacks:
- grpc:
    target: "[::1]:9090"
    method: auth.v1.Auth/ValidateStream
    proto: auth.proto
    import_paths: [protos, .]
    data_file: token.json
    metadata: {x-tenant: a, key-bin: AAE=, id-bin: "{{.RequestNumber}}"}
    tls: {ca_file: ca.pem, cert_file: client.pem, key_file: client.key, server_name: api.test}
    authority: api.test
    connections: 4
    timeout: 5s
    compression: gzip
    keep_alive: {time: 30s, timeout: 5s}
    wait_for_ready: true
    stream: {messages: 10, interval: 50ms, duration: 10s}
  load: [{constant: 1/s, count: 1}]
  workers: 3
`))
	require.NoError(t, err)
	in := func(name string) string { return filepath.Join(dir, name) }
	assert.Equal(t, &loadgen.GRPC{
		Target: "[::1]:9090", Method: "auth.v1.Auth/ValidateStream",
		Proto: in("auth.proto"), ImportPaths: []string{in("protos"), dir}, DataFile: in("token.json"),
		Metadata: map[string]string{"x-tenant": "a", "key-bin": "AAE=", "id-bin": "{{.RequestNumber}}"},
		TLS: loadgen.TLS{
			CAFile: in("ca.pem"), CertFile: in("client.pem"), KeyFile: in("client.key"), ServerName: "api.test",
		},
		Authority: "api.test", Connections: 4, Timeout: 5 * time.Second, Compression: "gzip",
		KeepAlive:    loadgen.KeepAlive{Time: 30 * time.Second, Timeout: 5 * time.Second},
		WaitForReady: true,
		Stream:       loadgen.StreamLoad{Messages: 10, Interval: 50 * time.Millisecond, Duration: 10 * time.Second},
	}, plan.Attacks[0].GRPC)
	assert.Equal(t, 3, plan.Attacks[0].Workers)
	assert.Equal(t, 10_000, plan.Attacks[0].MaxWorkers)
}

func TestAGRPCAttackHasItsOwnDefaults(t *testing.T) {
	g := parse(t, withGRPC("keep_alive: {time: 30s}")).Attacks[0].GRPC
	assert.Equal(t, &loadgen.GRPC{
		Target: "h:1", Method: "a.B/C", Connections: 1, Timeout: 30 * time.Second,
		KeepAlive: loadgen.KeepAlive{Time: 30 * time.Second},
	}, g)
}

func TestMessagesInYAMLBecomeJSON(t *testing.T) {
	vars := planfile.Env(func(string) (string, bool) { return "007", true })
	for data, want := range map[string]string{
		`{z: 1, a: [true, null, -2.5e3, 010, x, "5", {}]}`: `{"z":1,"a":[true,null,-2.5e3,"010","x","5",{}]}`,
		`'{"z": 1}'`:                         `{"z": 1}`,
		`[{n: "a<b"}, {n: "é\"\n"}]`:         `[{"n":"a<b"},{"n":"é\"\n"}]`,
		`{token: "t-{{.RequestNumber}}"}`:    `{"token":"t-{{.RequestNumber}}"}`,
		`{token: "${env:TOKEN}", b: "true"}`: `{"token":"007","b":"true"}`,
		`'{"n": {{randomInt 1 2}}}'`:         `{"n": {{randomInt 1 2}}}`,
		`"[]"`:                               `[]`,
	} {
		plan, err := planfile.Parse("plan.yaml", []byte(withGRPC("data: "+data)), vars)
		require.NoError(t, err)
		assert.Equal(t, want, plan.Attacks[0].GRPC.Data)
	}
}

func TestMessagesSetOnTheCommandLineAreJSON(t *testing.T) {
	plan := parse(t, withGRPC("data: {a: 1}"), planfile.Set(`attacks[0].grpc.data={"b": 2}`, "attacks[0].grpc.metadata.x.y=z"))
	assert.Equal(t, `{"b": 2}`, plan.Attacks[0].GRPC.Data)
	assert.Equal(t, map[string]string{"x.y": "z"}, plan.Attacks[0].GRPC.Metadata)
}

func TestFaultsOfGRPCNamePlaceKeyWrongAndFix(t *testing.T) {
	for keys, want := range map[string]string{
		`proto: /dev/null`:                                   ``,
		`metadata: {x-bin: AAE=, X_y.z: }`:                   `5:29: attacks[0].grpc.metadata.X_y.z: has no value; write "" for an empty one`,
		`target: h:2`:                                        `5:5: attacks[0].grpc.target: is there twice; remove one of the two`,
		`plain_text: true`:                                   `5:5: attacks[0].grpc.plain_text: unknown key; did you mean plaintext?`,
		`connections: 0`:                                     `5:18: attacks[0].grpc.connections: 0 is not possible; leave the key out for the default, 1, or write more than 0`,
		`connections: -1`:                                    `5:18: attacks[0].grpc.connections: is negative; write one such as 4`,
		`timeout: 10`:                                        `5:14: attacks[0].grpc.timeout: 10 has no unit; write 10s or 10ms`,
		`compression: zstd`:                                  `5:18: attacks[0].grpc.compression: "zstd" is not supported; write gzip, or leave it out for none`,
		`protoset: /does/not/exist`:                          `5:15: attacks[0].grpc.protoset: stat /does/not/exist: no such file or directory; name a file that can be read`,
		`import_paths: [/]`:                                  `5:5: attacks[0].grpc.import_paths: there is no proto to import into; write proto too, or leave it out`,
		`import_paths: protos`:                               `5:19: attacks[0].grpc.import_paths: is a single value; write a list`,
		`{proto: /dev/null, protoset: /dev/null`:             `5:5: unexpected map key`,
		"proto: /dev/null\n    protoset: /dev/null":          `6:15: attacks[0].grpc.protoset: there is proto too; write proto or protoset, or neither for the target's reflection service`,
		"proto: /dev/null\n    import_paths: [/, /dev/null]": `6:23: attacks[0].grpc.import_paths[1]: look into /dev/null: invalid argument; name a folder`,
		"data: {}\n    data_file: /dev/null":                 `6:16: attacks[0].grpc.data_file: there is data too; write one of data, data_file and binary_file`,
		"data_file: /dev/null\n    binary_file: /dev/null":   `6:18: attacks[0].grpc.binary_file: there is data_file too; write one of data, data_file and binary_file`,
		`data: '{"a": }'`:                                    `5:11: attacks[0].grpc.data: is no JSON: invalid character '}' looking for beginning of value; write a message such as {"name": "x"}, or a list of them`,
		`metadata: {Traceparent: x}`:                         `5:29: attacks[0].grpc.metadata.Traceparent: is the generator's: it names the trace of each call; leave it out`,
		`metadata: {tracestate: x}`:                          `5:28: attacks[0].grpc.metadata.tracestate: is the generator's: it names the run; leave it out`,
		`metadata: {grpc-timeout: 1S}`:                       `5:30: attacks[0].grpc.metadata.grpc-timeout: is gRPC's own, as all that begins with grpc-; leave it out`,
		`metadata: {connection: close}`:                      `5:28: attacks[0].grpc.metadata.connection: has no meaning in HTTP/2, which forbids it; leave it out`,
		`metadata: {KEEP-ALIVE: x}`:                          `5:28: attacks[0].grpc.metadata.KEEP-ALIVE: has no meaning in HTTP/2, which forbids it; leave it out`,
		`metadata: {Proxy-Connection: x}`:                    `5:34: attacks[0].grpc.metadata.Proxy-Connection: has no meaning in HTTP/2, which forbids it; leave it out`,
		`metadata: {Transfer-Encoding: x}`:                   `5:35: attacks[0].grpc.metadata.Transfer-Encoding: has no meaning in HTTP/2, which forbids it; leave it out`,
		`metadata: {upgrade: h2c}`:                           `5:25: attacks[0].grpc.metadata.upgrade: has no meaning in HTTP/2, which forbids it; leave it out`,
		`metadata: {Host: a}`:                                `5:22: attacks[0].grpc.metadata.Host: is what HTTP/2 has an authority for; leave it out, and set authority`,
		`metadata: {content-length: "1"}`:                    `5:32: attacks[0].grpc.metadata.content-length: is the length of a call's messages, which gRPC frames; leave it out`,
		`metadata: {User-Agent: x}`:                          `5:28: attacks[0].grpc.metadata.User-Agent: is gRPC's own; leave it out`,
		`metadata: {":path": x}`:                             `5:25: attacks[0].grpc.metadata.:path: ":path" is not a key of metadata; use letters, digits, -, _ and .`,
		`metadata: {a: é}`:                                   `5:19: attacks[0].grpc.metadata.a: its value has characters that only binary metadata may have; write printable ASCII, or let the key end in -bin and write base64`,
		`metadata: {a-bin: x}`:                               `5:23: attacks[0].grpc.metadata.a-bin: is no base64, in which values of keys that end in -bin are written: illegal base64 data at input byte 0; write base64, such as AAE= for the bytes 0 and 1`,
		`metadata: {A: x, a: y}`:                             `5:25: attacks[0].grpc.metadata.a: is the same key as A; remove one of the two`,
		"plaintext: true\n    tls: {server_name: x}":         `6:5: attacks[0].grpc.tls: there is plaintext, which is without TLS; leave one of the two out`,
		`tls: {cert_file: /dev/null}`:                        `5:5: attacks[0].grpc.tls.key_file: is missing beside cert_file; name the file of the certificate's key`,
		`keep_alive: {time: 1s}`:                             `5:24: attacks[0].grpc.keep_alive.time: is less than 10s, and gRPC does not send pings more often; write 10s or more`,
		`keep_alive: {timeout: 1s}`:                          `5:27: attacks[0].grpc.keep_alive.timeout: there are no pings to wait for; write time too, such as 30s`,
		`stream: {messages: -1}`:                             `5:24: attacks[0].grpc.stream.messages: is negative; write one such as 10, or leave it out to send the list once`,
		`stream: {interval: -1s}`:                            `5:24: attacks[0].grpc.stream.interval: is negative; write one such as 100ms`,
		`stream: {duration: 1s, end: stop}`:                  `5:33: attacks[0].grpc.stream.end: "stop" is no way to end a stream; write half_close or cancel`,
		`stream: {end: cancel}`:                              `5:19: attacks[0].grpc.stream.end: there is no duration after which the call is cancelled; write duration too, such as 10s`,
		`stream: {duration: 30s, end: cancel}`:               `5:24: attacks[0].grpc.stream.duration: is not less than the timeout, 30s, at which the call fails; lower it, or raise timeout`,
		`stream: {duration: -1s}`:                            `5:24: attacks[0].grpc.stream.duration: is negative; write one such as 10s, or leave it out for no limit`,
		"wait_for_ready: true\n  http: {url: http://h/}":     `2:3: attacks[0].grpc: there is http too; write http or grpc; the other can be a second attack`,
	} {
		t.Run(keys, func(t *testing.T) {
			if want == "" {
				parse(t, withGRPC(keys))
				return
			}
			assert.Equal(t, []string{"plan.yaml:" + want}, faultsOf(t, withGRPC(keys)))
		})
	}
}

func TestTargetsAndMethodsOfGRPCAreChecked(t *testing.T) {
	const address, form = "; write one such as 127.0.0.1:9090", "; write package.Service/Method, such as grpc.health.v1.Health/Check"
	for given, want := range map[[2]string]string{
		{"", "a.B/C"}:              `3:13: attacks[0].grpc.target: is missing` + address,
		{"localhost", "a.B/C"}:     `3:13: attacks[0].grpc.target: "localhost" is not host:port` + address,
		{":9090", "a.B/C"}:         `3:13: attacks[0].grpc.target: ":9090" is not host:port` + address,
		{"h:0", "a.B/C"}:           `3:13: attacks[0].grpc.target: port 0 is not between 1 and 65535` + address,
		{"http://h:9090", "a.B/C"}: `3:13: attacks[0].grpc.target: "http://h:9090" is more than host:port` + address,
		{"h:1", ""}:                `4:13: attacks[0].grpc.method: is missing` + form,
		{"h:1", "/a.B/C"}:          `4:13: attacks[0].grpc.method: "/a.B/C" is not a method; did you mean a.B/C?`,
		{"h:1", "a.v1.B.C"}:        `4:13: attacks[0].grpc.method: "a.v1.B.C" is not a method; did you mean a.v1.B/C?`,
		{"h:1", "Validate"}:        `4:13: attacks[0].grpc.method: "Validate" is not a method` + form,
		{"h:1", "a.B/C/D"}:         `4:13: attacks[0].grpc.method: "a.B/C/D" is not a method` + form,
		{"h:1", "a.B/get-it"}:      `4:13: attacks[0].grpc.method: "a.B/get-it" is not a method` + form,
	} {
		src := "attacks:\n- grpc:\n    target: '" + given[0] + "'\n    method: '" + given[1] + "'\n  load: [{constant: 1/s, count: 1}]\n"
		assert.Equal(t, []string{"plan.yaml:" + want}, faultsOf(t, src))
	}
	for _, method := range []string{"Greeter/Hello", "a._b.C1/D_2"} {
		parse(t, "attacks:\n- grpc: {target: '[::1]:1', method: "+method+"}\n  load: [{constant: 1/s, count: 1}]\n")
	}
}
