package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// state is what run leaves in the data folder for the other commands: where to
// reach it, and what to show.
type state struct {
	Control string         `json:"control"` // base URL
	Token   string         `json:"token"`   // whoever may read the file may stop the servers
	Servers []serverStatus `json:"servers"`
}

type serverStatus struct {
	Name  string            `json:"name"`
	PID   int               `json:"pid"`
	Log   string            `json:"log"`
	URLs  map[string]string `json:"urls"`
	Ended bool              `json:"ended"`
}

func (o options) stateFile() string { return filepath.Join(o.data, "stack.json") }

// errNotRunning is for a data folder whose servers do not run.
var errNotRunning = errors.New("nothing runs")

// load reads the state and asks the process that wrote it how its servers are.
// The error is errNotRunning when there is none.
func (o options) load(ctx context.Context) (state, error) {
	content, err := os.ReadFile(o.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, errNotRunning
	}
	var s state
	if err == nil {
		err = json.Unmarshal(content, &s)
	}
	if err != nil {
		return state{}, fmt.Errorf("read the state in %s: %w", o.stateFile(), err)
	}
	if s.Servers, err = s.ask(ctx, http.MethodGet); err != nil {
		return state{}, errNotRunning // it was killed, or the machine restarted
	}
	return s, nil
}

// ask talks to the process that runs the servers: GET tells how they are, DELETE
// stops them.
func (s state) ask(ctx context.Context, method string) (servers []serverStatus, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.Control, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: status %d", method, s.Control, response.StatusCode)
	}
	return servers, json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&servers)
}

func (o options) save(s state) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	// Whole or not at all: up reads it while it is written.
	if err := os.WriteFile(o.stateFile()+".new", content, 0o600); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	return os.Rename(o.stateFile()+".new", o.stateFile())
}
