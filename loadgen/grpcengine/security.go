package grpcengine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// newCredentials is how connections are secured.
func newCredentials(spec *loadgen.GRPC) (credentials.TransportCredentials, error) {
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
		pool, err := readCA(t.CAFile)
		c.RootCAs, faults = pool, append(faults, err)
	}
	if t.CertFile != "" || t.KeyFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			faults = append(faults, &pace.KeyError{
				Key: "grpc.tls.cert_file", What: err.Error(),
				Fix: "give a PEM certificate here and its PEM key in key_file",
			})
		}
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

func readCA(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, &pace.KeyError{Key: "grpc.tls.ca_file", What: err.Error(), Fix: "name a PEM file that can be read"}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &pace.KeyError{Key: "grpc.tls.ca_file", What: file + " holds no PEM certificate", Fix: "name a PEM file"}
	}
	return pool, nil
}
