package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
)

// HTTP serves a handler over HTTP/1.1 and, with prior knowledge, unencrypted
// HTTP/2.
type HTTP struct{ server *http.Server }

// NewHTTP returns a server of h that logs its own faults to log.
func NewHTTP(h http.Handler, t Timeouts, s Streams, log *slog.Logger) *HTTP {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &HTTP{&http.Server{
		Handler:           h,
		Protocols:         protocols,
		HTTP2:             s.HTTP(),
		ReadTimeout:       t.Read,
		ReadHeaderTimeout: t.ReadHeader,
		IdleTimeout:       t.Idle,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// Serve answers on l until Stop, and then returns nil.
func (s *HTTP) Serve(l net.Listener) error {
	if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Stop closes the listener and lets requests under way end until ctx does; those
// left are cut off.
func (s *HTTP) Stop(ctx context.Context) {
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
}
