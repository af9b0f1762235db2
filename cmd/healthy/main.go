// Command healthy asks a URL once and exits 0 if the answer is 200 OK, else 1. It
// is the health check of images that have no shell and no curl.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

// timeout is shorter than that of a container's health check, so that the reason
// is told before the check is killed.
const timeout = 2 * time.Second

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: healthy URL")
		os.Exit(2)
	}
	if err := ask(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "healthy:", err)
		os.Exit(1)
	}
}

func ask(url string) error {
	response, err := (&http.Client{Timeout: timeout}).Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}
