package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

const openAll = `document.querySelectorAll("details").forEach(d => { d.open = true })`

func TestAPageNeedsNoNetworkAndHasNoErrors(t *testing.T) {
	each(t, func(t *testing.T, file string) {
		b := open(t, file, desktop, false)
		b.mu.Lock()
		for _, fault := range b.faults {
			t.Error(fault)
		}
		b.mu.Unlock()
		if eval[bool](b, `fetch("http://127.0.0.1:9/").then(() => true, e => !String(e).includes("Failed to fetch"))`) {
			t.Error("the page's policy let a request out")
		}
		if eval[bool](b, `"forged" in window || !!document.querySelector("img, iframe, a[href^=http]")`) {
			t.Error("a text from outside became markup")
		}
	})
}

func TestNoPageIsWiderThanTheScreen(t *testing.T) {
	eachScreen(t, []int{phone, 390, 768, desktop}, []bool{false}, func(t *testing.T, b *tab, width int) {
		if got := eval[int](b, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("the page is %d wide: %s", got, eval[string](b, `[...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")).slice(0, 5).map(e => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40)).join("; ")`))
		}
	})
}

func TestAxeFindsNothing(t *testing.T) {
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: run npm ci", err)
	}
	eachScreen(t, []int{desktop, 390}, []bool{false, true}, func(t *testing.T, b *tab, _ int) {
		b.run(openAll)
		b.run(string(axe)) // the browser's driver is not bound by the page's policy
		for _, fault := range eval[[]string](b, `axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + ", " + v.nodes.length + " times, such as " + v.nodes[0].html.slice(0, 200) + " " + v.nodes[0].failureSummary))`) {
			t.Error(fault)
		}
	})
}

// What axe does not see: it passes a bare canvas.
func TestEachChartHasANameAndATableOfItsData(t *testing.T) {
	each(t, func(t *testing.T, file string) {
		b := open(t, file, desktop, false)
		b.run(openAll)
		b.do(chromedp.Sleep(200 * time.Millisecond)) // toggle is an event of its own
		bad := eval[[]string](b, `[...document.querySelectorAll("figure")].filter(f => {
			const plot = f.querySelector("[role=img]");
			return !plot.getAttribute("aria-label") || !plot.querySelector("canvas") || !f.querySelector("tbody tr td");
		}).map(f => f.id)`)
		if len(bad) > 0 {
			t.Errorf("charts without a name, a drawing or a table: %s", bad)
		}
		if n := eval[int](b, `document.querySelectorAll("figure").length`); name(file) == "one" && n < 8 {
			t.Errorf("there are %d charts only", n)
		}
	})
}

// one is the page of one run with everything in it.
func one(t *testing.T) *tab {
	return open(t, filepath.Join(filepath.Dir(pages(t)[0]), "one.html"), desktop, false)
}

func TestAPointOpensItsRequest(t *testing.T) {
	b := one(t)
	const title = `document.getElementById("h-request").textContent`
	before := eval[string](b, title)
	at := eval[[]float64](b, `(() => {
		const e = document.querySelector("#c-latency .u-over");
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return [r.left + r.width * .8, r.top + r.height * .3];
	})()`)
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1]), chromedp.MouseClickXY(at[0], at[1]))
	if after := eval[string](b, title); before == after {
		t.Errorf("a click opened nothing: %s", after)
	}
	if id := eval[string](b, `location.hash`); !strings.HasPrefix(id, "#trace-") {
		t.Errorf("the address does not name the request: %q", id)
	}
	if got := eval[string](b, `document.activeElement.id`); got != "request" {
		t.Errorf("the focus is on %q", got)
	}
}

// The script writes the figures of a request, Go those of the tables.
func TestARequestIsOpenedByKeyboardAndHasTheFiguresOfItsRow(t *testing.T) {
	b := one(t)
	for i := range eval[int](b, `document.querySelectorAll("#requests table button.open").length`) {
		n := string(rune('0'+i/10)) + string(rune('0'+i%10))
		b.run(`document.querySelectorAll("#requests table button.open")[+"` + n + `"].focus()`)
		b.do(chromedp.KeyEvent("\r"))
		row := eval[[]string](b, `[...document.querySelectorAll("#requests table button.open")[+"`+n+`"].closest("tr").cells].map(e => e.textContent)`)
		text := eval[string](b, `document.getElementById("request").textContent`)
		if !strings.Contains(text, "response "+row[0]+" ·") || !strings.Contains(text, "service "+row[1]+" ·") || !strings.Contains(text, row[3]+" after the run began") {
			t.Errorf("the request has other times than %s: %s", row, text)
		}
	}
}

// One of three times is enough: what else the machine does meanwhile is not the page's.
func TestTheFirstPaintIsEarly(t *testing.T) {
	each(t, func(t *testing.T, file string) {
		for range 3 {
			b := open(t, file, desktop, false)
			b.do(chromedp.Sleep(300 * time.Millisecond))
			paint := eval[float64](b, `(performance.getEntriesByName("first-contentful-paint")[0] || {}).startTime || 0`)
			t.Logf("first contentful paint after %.0f ms, all drawn after %s ms", paint, eval[string](b, `document.documentElement.dataset.drawn`))
			if paint > 0 && paint <= 500 {
				return
			}
		}
		if os.Getenv("BUSY") == "" {
			t.Error("the first paint took more than half a second")
		}
	})
}

// TestShots writes pictures to look at, if SHOTS names a directory for them.
func TestShots(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		t.Skip("SHOTS is not set")
	}
	save := func(t *testing.T, name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	each(t, func(t *testing.T, file string) {
		for _, shot := range []struct {
			name  string
			width int
			dark  bool
		}{{"", desktop, false}, {"-dark", desktop, true}, {"-phone", 390, false}} {
			b := open(t, file, shot.width, shot.dark)
			save(t, name(file)+shot.name+".png", get(b, chromedp.FullScreenshot(100)))
			if shot.name == "" {
				save(t, name(file)+".pdf", get(b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize())))
			}
		}
	})
}

// TestPictures writes the pictures of docs/report.md, if PICTURES names a directory for
// them.
func TestPictures(t *testing.T) {
	dir := os.Getenv("PICTURES")
	if dir == "" {
		t.Skip("PICTURES is not set")
	}
	pagesDir := filepath.Dir(pages(t)[0])
	save := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, filepath.Join(pagesDir, "one.html"), 1180, false)
	shot := func(name, id string, height int64) {
		b.do(chromedp.EmulateViewport(1180, height))
		b.run(`document.getElementById("` + id + `").scrollIntoView({block: "start", behavior: "instant"})`)
		b.do(chromedp.Sleep(300 * time.Millisecond)) // charts follow the size of the window
		save(name, get(b, chromedp.CaptureScreenshot()))
	}
	shot("report-request.png", "requests", 1060)
	b.run(`scrollTo({top: 0, behavior: "instant"})`)
	b.do(chromedp.EmulateViewport(1180, 1080), chromedp.Sleep(300*time.Millisecond))
	save("report.png", get(b, chromedp.CaptureScreenshot()))
	b = open(t, filepath.Join(pagesDir, "against.html"), 1180, false)
	shot("report-against.png", "charts", 900)
}
