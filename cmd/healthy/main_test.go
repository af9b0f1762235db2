package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOnlyAnOKIsHealthy(t *testing.T) {
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	assert.NoError(t, ask(s.URL))
	status = http.StatusServiceUnavailable
	assert.ErrorContains(t, ask(s.URL), "503")
	s.Close()
	assert.Error(t, ask(s.URL))
}
