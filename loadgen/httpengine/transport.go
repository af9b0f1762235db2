package httpengine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// newTransport is the standard library's transport, set up as the attack says.
// Proxies of the environment are not used: the target is what is measured.
func newTransport(spec *loadgen.HTTP) (transport, error) {
	trust, err := newTLS(spec.TLS)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: spec.Timeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       trust,
		TLSHandshakeTimeout:   spec.Timeout,
		Protocols:             protocols(spec.Protocol),
		MaxIdleConnsPerHost:   spec.Connections,
		MaxConnsPerHost:       spec.MaxConnections,
		DisableKeepAlives:     spec.KeepAlive != nil && !*spec.KeepAlive,
		DisableCompression:    true, // bytes are counted as they are on the wire
		ExpectContinueTimeout: time.Second,
	}, nil
}

func protocols(p loadgen.Protocol) *http.Protocols {
	var set http.Protocols
	set.SetHTTP1(p == loadgen.ProtocolHTTP1 || p == loadgen.ProtocolAuto || p == "")
	set.SetHTTP2(p == loadgen.ProtocolHTTP2 || p == loadgen.ProtocolAuto || p == "")
	set.SetUnencryptedHTTP2(p == loadgen.ProtocolH2C)
	return &set
}

func newTLS(spec loadgen.TLS) (*tls.Config, error) {
	c := &tls.Config{ServerName: spec.ServerName, InsecureSkipVerify: spec.InsecureSkipVerify}
	var faults []error
	if spec.CAFile != "" {
		pool, err := readCA(spec.CAFile)
		c.RootCAs, faults = pool, append(faults, err)
	}
	if spec.CertFile != "" || spec.KeyFile != "" {
		cert, err := tls.LoadX509KeyPair(spec.CertFile, spec.KeyFile)
		if err != nil {
			faults = append(faults, &pace.KeyError{
				Key: "http.tls.cert_file", What: err.Error(),
				Fix: "give a PEM certificate here and its PEM key in key_file",
			})
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, errors.Join(faults...)
}

func readCA(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, &pace.KeyError{Key: "http.tls.ca_file", What: err.Error(), Fix: "name a PEM file that can be read"}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &pace.KeyError{Key: "http.tls.ca_file", What: file + " holds no PEM certificate", Fix: "name a PEM file"}
	}
	return pool, nil
}
