package server

import (
	"expvar"
	"net/http"
	"net/http/pprof"

	"github.com/loadtrace/loadtrace/internal/demotarget/service"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
)

// Routes is the HTTP interface of the service. Validation and authorization are
// traced and measured; what operators look at is not, so that it leaves no mark in what
// they see.
func Routes(s *service.Service, a *Authorization, tel *telemetry.Telemetry) http.Handler {
	mux := http.NewServeMux()
	validate := tel.Route(validation{s})
	mux.Handle("GET /auth/validate", validate)
	mux.Handle("POST /auth/validate", validate)
	mux.Handle("POST /auth/authorize", tel.Route(a))
	mux.HandleFunc("GET /healthz", healthy)
	mux.Handle("GET /debug/vars", expvar.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]string{"status": "ok"})
}
