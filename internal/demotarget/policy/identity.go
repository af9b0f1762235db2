package policy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"

	"google.golang.org/grpc/credentials"
)

// Identity is the certificate of a policy service, which its clients trust and no
// other: services speak TLS with each other also where they are neighbours. It is
// made anew for each process.
type Identity struct {
	certificate tls.Certificate
	trusted     *x509.CertPool
}

// identityLife is more than a demo service runs.
const identityLife = 365 * 24 * time.Hour

// NewIdentity makes a certificate for the loopback address.
func NewIdentity() (Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, fmt.Errorf("make the policy service's key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "policy service"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(identityLife),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Identity{}, fmt.Errorf("make the policy service's certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return Identity{}, fmt.Errorf("read the policy service's certificate: %w", err)
	}
	i := Identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, x509.NewCertPool()}
	i.trusted.AddCert(leaf)
	return i, nil
}

func (i Identity) server() credentials.TransportCredentials {
	return credentials.NewServerTLSFromCert(&i.certificate)
}

func (i Identity) client() credentials.TransportCredentials {
	return credentials.NewClientTLSFromCert(i.trusted, "")
}
