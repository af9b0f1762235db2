package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Widths of a screen in CSS pixels.
const (
	desktop = 1280
	phone   = 360
)

// pages are the reports to check.
func pages(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("PAGES")
	if dir == "" {
		t.Fatal("PAGES is not set: name the directory of the pages, as .ci/run does")
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no page in %s: %v", dir, err)
	}
	return found
}

func name(file string) string { return strings.TrimSuffix(filepath.Base(file), ".html") }

// chromium is one browser for all tests, which TestMain ends.
var (
	chromium    context.Context
	endChromium = func() {}
	begin       = sync.OnceValue(func() error {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
		allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stop := chromedp.NewContext(allocator)
		chromium, endChromium = ctx, func() { stop(); end() }
		return chromedp.Do(ctx)
	})
)

func TestMain(m *testing.M) {
	code := m.Run()
	endChromium()
	os.Exit(code)
}

// tab is a page that is open, with what went wrong in it.
type tab struct {
	context.Context
	t *testing.T

	mu     sync.Mutex // guards faults
	faults []string
}

// open a page. What it asks the network for is a fault, and so is an error.
func open(t *testing.T, file string, width int, dark bool) *tab {
	t.Helper()
	if err := begin(); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	b := &tab{Context: ctx, t: t}
	b.do()
	if err := chromedp.Listen(ctx, func(e any) { b.hear(file, e) }); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	b.do(chromedp.EmulateViewport(int64(width), 900), chromedp.Navigate("file://"+file), chromedp.WaitReady("html[data-drawn]"))
	return b
}

func (b *tab) hear(file string, e any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := e.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file://"+file) {
			b.faults = append(b.faults, "it asked for "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.faults = append(b.faults, text)
	case *log.EventEntryAdded:
		b.faults = append(b.faults, e.Entry.Text)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b, command, params); err != nil {
		b.t.Fatal(err)
	}
}

// get runs an action for its value.
func get[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// eval evaluates an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	return get(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// run evaluates a statement in the page.
func (b *tab) run(statement string) {
	b.t.Helper()
	eval[bool](b, "(() => {"+statement+"; return true })()")
}

func each(t *testing.T, test func(t *testing.T, file string)) {
	for _, file := range pages(t) {
		t.Run(name(file), func(t *testing.T) { test(t, file) })
	}
}

func eachScreen(t *testing.T, widths []int, schemes []bool, test func(t *testing.T, b *tab, width int)) {
	each(t, func(t *testing.T, file string) {
		for _, dark := range schemes {
			for _, width := range widths {
				t.Run(fmt.Sprintf("%d dark=%v", width, dark), func(t *testing.T) { test(t, open(t, file, width, dark), width) })
			}
		}
	})
}
