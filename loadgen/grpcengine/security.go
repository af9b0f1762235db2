package grpcengine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// newCredentials is how connections are secured.
func newCredentials(ctx context.Context, spec *loadgen.GRPC) (credentials.TransportCredentials, error) {
	if spec.Plaintext {
		if spec.TLS != (loadgen.TLS{}) {
			return nil, &pace.KeyError{Key: "grpc.tls", What: "has no use with plaintext", Fix: "remove one of the two"}
		}
		return insecure.NewCredentials(), nil
	}
	t := spec.TLS
	c := &tls.Config{ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify}
	var faults []error
	if t.CAFile != "" {
		pool, err := readCA(ctx, t.CAFile)
		c.RootCAs, faults = pool, append(faults, err)
	}
	if t.CertFile != "" || t.KeyFile != "" {
		cert, err := readKeyPair(ctx, t.CertFile, t.KeyFile)
		faults = append(faults, err)
		c.Certificates = []tls.Certificate{cert}
	}
	if t.ServerName != "" && spec.Authority != "" && t.ServerName != spec.Authority {
		faults = append(faults, &pace.KeyError{
			Key: "grpc.authority", What: fmt.Sprintf("is not tls.server_name, %q: gRPC verifies the one and sends the other", t.ServerName),
			Fix: "give both the same name, or remove one",
		})
	}
	return credentials.NewTLS(c), errors.Join(faults...)
}

func readKeyPair(ctx context.Context, certFile, keyFile string) (tls.Certificate, error) {
	cert, err := readPEM(ctx, "grpc.tls.cert_file", certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readPEM(ctx, "grpc.tls.key_file", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, &pace.KeyError{
			Key: "grpc.tls.cert_file", What: err.Error(),
			Fix: "give a PEM certificate here and its PEM key in key_file",
		}
	}
	return pair, nil
}

func readCA(ctx context.Context, file string) (*x509.CertPool, error) {
	pem, err := readPEM(ctx, "grpc.tls.ca_file", file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &pace.KeyError{Key: "grpc.tls.ca_file", What: file + " holds no PEM certificate", Fix: "name a PEM file"}
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
