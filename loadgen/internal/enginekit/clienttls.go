package enginekit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// ClientTLS returns what an attack says of TLS. engine, such as http, is the key of the
// plan below which it says so. Each fault is a *pace.KeyError.
func ClientTLS(ctx context.Context, engine string, spec loadgen.TLS) (*tls.Config, error) {
	keys := tlsKeys(engine + ".tls.")
	c := &tls.Config{InsecureSkipVerify: spec.InsecureSkipVerify}
	var faults []error
	name, err := hostname.ASCII(spec.ServerName)
	if err != nil {
		faults = append(faults, keys.fault("server_name", err.Error(), "write the name of a host"))
	}
	c.ServerName = name
	if spec.CAFile != "" {
		pool, err := keys.authorities(ctx, spec.CAFile)
		c.RootCAs, faults = pool, append(faults, err)
	}
	if spec.CertFile != "" || spec.KeyFile != "" {
		cert, err := keys.pair(ctx, spec.CertFile, spec.KeyFile)
		c.Certificates, faults = []tls.Certificate{cert}, append(faults, err)
	}
	return c, errors.Join(faults...)
}

// tlsKeys is the prefix of the plan's keys.
type tlsKeys string

func (k tlsKeys) fault(key, what, fix string) error {
	return &pace.KeyError{Key: string(k) + key, What: what, Fix: fix}
}

func (k tlsKeys) pair(ctx context.Context, certFile, keyFile string) (tls.Certificate, error) {
	cert, err := k.read(ctx, "cert_file", certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := k.read(ctx, "key_file", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, k.fault("cert_file", err.Error(), "give a PEM certificate here and its PEM key in key_file")
	}
	return pair, nil
}

func (k tlsKeys) authorities(ctx context.Context, file string) (*x509.CertPool, error) {
	pem, err := k.read(ctx, "ca_file", file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, k.fault("ca_file", file+" holds no PEM certificate", "name a PEM file")
	}
	return pool, nil
}

// read the file of a key. No file is an empty one.
func (k tlsKeys) read(ctx context.Context, key, file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := infile.Read(ctx, file, infile.MaxPEM)
	if err != nil {
		return nil, k.fault(key, err.Error(), infile.Advice(err))
	}
	return pem, nil
}
