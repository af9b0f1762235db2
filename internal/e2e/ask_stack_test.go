//go:build stack

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// client of the back ends' APIs, whose connections stop closes.
var client = &http.Client{
	Timeout:   time.Minute,
	Transport: &http.Transport{MaxIdleConnsPerHost: 16},
}

// ask decodes the answer to a GET. found is false if there is no such thing. Loki
// needs the header, or each trace id becomes a stream of its own.
func ask(address string, parameters url.Values, into any) (found bool, err error) {
	request, err := http.NewRequest(http.MethodGet, address+"?"+parameters.Encode(), nil)
	if err != nil {
		return false, err
	}
	request.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return false, err
	case response.StatusCode == http.StatusNotFound:
		return false, nil
	case response.StatusCode != http.StatusOK:
		return false, fmt.Errorf("%s: status %d: %s", address, response.StatusCode, body)
	}
	return true, json.Unmarshal(body, into)
}

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
func seconds(t time.Time) string     { return strconv.FormatFloat(float64(t.UnixMilli())/1e3, 'f', 3, 64) }
