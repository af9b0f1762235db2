package uplot

import (
	"fmt"
	"io"
	"sync"

	"github.com/tsenart/vegeta/v12/lib/plot"
)

// Assets are the source texts of uPlot.
type Assets struct{ JS, CSS string }

// Read returns the assets. An error means that vegeta's module no longer has them.
var Read = sync.OnceValues(func() (Assets, error) {
	js, err := read("uPlot.min.js")
	if err != nil {
		return Assets{}, err
	}
	css, err := read("uPlot.min.css")
	return Assets{JS: js, CSS: css}, err
})

func read(name string) (string, error) {
	f, err := plot.Assets.Open(name)
	if err != nil {
		return "", fmt.Errorf("read %s of vegeta's module: %w", name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("read %s of vegeta's module: %w", name, err)
	}
	return string(text), nil
}
