package httpengine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// idleTimeout is how long a connection may wait to be used again.
const idleTimeout = 90 * time.Second

// transport carries requests, one at a time for each caller.
type transport interface {
	// carry sends the request of a flight, whose time counts from sent, and reads
	// the response to its end. It puts into the flight's record what it saw:
	// phases, connection, bytes and the time of its end. An error says why no
	// whole response came.
	carry(f *flight, sent time.Duration) error
	// sever cuts off what is under way.
	sever()
	// close releases connections. Nothing is under way any more.
	close()
}

// newTransport is the fastest transport that can do what the attack says.
func newTransport(s *runner.Setup, requests []*request) (transport, error) {
	trust, err := newTLS(s.Context(), s.Attack.HTTP.TLS)
	if err != nil {
		return nil, err
	}
	if suits(s.Attack.HTTP, requests) {
		return newDirect(s, trust, requests)
	}
	return newStandard(s, trust), nil
}

// dial opens a connection.
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// newDialer opens connections to the target itself: proxies of the environment
// are not used, since the target is what is measured.
func newDialer(spec *loadgen.HTTP) *net.Dialer {
	return &net.Dialer{Timeout: spec.Timeout, KeepAlive: 30 * time.Second}
}

func keepAlive(spec *loadgen.HTTP) bool { return spec.KeepAlive == nil || *spec.KeepAlive }

func newTLS(ctx context.Context, spec loadgen.TLS) (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: spec.InsecureSkipVerify}
	var faults []error
	name, err := hostname.ASCII(spec.ServerName)
	if err != nil {
		faults = append(faults, &pace.KeyError{Key: "http.tls.server_name", What: err.Error(), Fix: "write the name of a host"})
	}
	c.ServerName = name
	if spec.CAFile != "" {
		pool, err := readCA(ctx, spec.CAFile)
		c.RootCAs, faults = pool, append(faults, err)
	}
	if spec.CertFile != "" || spec.KeyFile != "" {
		cert, err := readKeyPair(ctx, spec.CertFile, spec.KeyFile)
		faults = append(faults, err)
		c.Certificates = []tls.Certificate{cert}
	}
	return c, errors.Join(faults...)
}

func readKeyPair(ctx context.Context, certFile, keyFile string) (tls.Certificate, error) {
	cert, err := readPEM(ctx, "http.tls.cert_file", certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readPEM(ctx, "http.tls.key_file", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, &pace.KeyError{
			Key: "http.tls.cert_file", What: err.Error(),
			Fix: "give a PEM certificate here and its PEM key in key_file",
		}
	}
	return pair, nil
}

func readCA(ctx context.Context, file string) (*x509.CertPool, error) {
	pem, err := readPEM(ctx, "http.tls.ca_file", file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &pace.KeyError{Key: "http.tls.ca_file", What: file + " holds no PEM certificate", Fix: "name a PEM file"}
	}
	return pool, nil
}

// readPEM reads the file of a key of the plan. No file is an empty one.
func readPEM(ctx context.Context, key, file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := infile.Read(ctx, file, infile.MaxPEM)
	if err != nil {
		return nil, &pace.KeyError{Key: key, What: err.Error(), Fix: infile.Advice(err)}
	}
	return pem, nil
}
