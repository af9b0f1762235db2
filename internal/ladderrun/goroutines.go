package ladderrun

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// lookInterval is how often a service is asked for its goroutines.
const lookInterval = 100 * time.Millisecond

// goroutineWatch asks a service again and again how many goroutines it has.
type goroutineWatch struct {
	stop context.CancelFunc
	seen chan int // the most, when it has ended
}

// watchGoroutines asks the service at an address, which must have expvar's
// /debug/vars with a variable goroutines, until most is called.
func watchGoroutines(address string) *goroutineWatch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &goroutineWatch{cancel, make(chan int, 1)}
	go func() {
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		ticker := time.NewTicker(lookInterval)
		defer ticker.Stop()
		most := 0
		for {
			select {
			case <-ticker.C:
				most = max(most, goroutines(ctx, client, address))
			case <-ctx.Done():
				w.seen <- most
				return
			}
		}
	}()
	return w
}

// most ends the watch.
func (w *goroutineWatch) most() int {
	w.stop()
	return <-w.seen
}

// maxVars bounds what is read of a service's variables, in bytes.
const maxVars = 8 << 20

// goroutines are 0 where the service does not say.
func goroutines(ctx context.Context, client *http.Client, address string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/vars", nil)
	if err != nil {
		return 0
	}
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	var vars struct {
		Goroutines int `json:"goroutines"`
	}
	if json.NewDecoder(io.LimitReader(response.Body, maxVars)).Decode(&vars) != nil {
		return 0
	}
	return vars.Goroutines
}
