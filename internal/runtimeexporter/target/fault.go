package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Fault is the reason why a source gave nothing, or not all it has. Reason is one of a
// few words, for a label; Err is for people. A source that the target simply
// does not have is Absent, and no fault if another gave something.
type Fault struct {
	Source, Reason string
	Err            error
	Absent         bool
}

// Reasons.
const (
	ReasonTimeout      = "timeout"
	ReasonRefused      = "connection_refused"
	ReasonDNS          = "unknown_host"
	ReasonTLS          = "tls"
	ReasonNetwork      = "network"
	ReasonUnauthorized = "unauthorized"
	ReasonNotFound     = "not_found"
	ReasonStatus       = "bad_status"
	ReasonHTML         = "html"
	ReasonFormat       = "bad_format"
	ReasonTooLarge     = "too_large"
	ReasonRedirect     = "redirect"      // to another origin
	ReasonConflict     = "type_conflict" // of a family, with the exporter's own or another target's
	ReasonReserved     = "reserved_name" // of a family: the exporter's own series have it
	ReasonDuplicate    = "duplicate"     // of a series
	ReasonNoGo         = "no_go_runtime" // it answers, and none of it is of a Go runtime
)

// problem is an error with its reason.
type problem struct {
	reason string
	err    error
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

func problemf(reason, format string, a ...any) error {
	return &problem{reason, fmt.Errorf(format, a...)}
}

// reason finds the word for an error of a request.
func reason(err error) string {
	var p *problem
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var op *net.OpError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &p):
		return p.reason
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return ReasonTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonRefused
	case errors.As(err, &dns):
		return ReasonDNS
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &host),
		errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verification):
		return ReasonTLS
	case errors.As(err, &op) && op.Op == "remote error": // as crypto/tls marks an alert of the other side
		return ReasonTLS
	}
	return ReasonNetwork
}
