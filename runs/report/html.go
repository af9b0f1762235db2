package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the page's parts
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"github.com/loadtrace/loadtrace/runs/report/internal/uplot"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// maxPage bounds a page, in bytes. What goes into it has bounds of its own, so that a page
// of a run with one attack has about 400 kB.
const maxPage = 3 << 20

// HTML writes a page on one run, or on two to hold against each other. The page is one file
// that needs nothing else, and its Content-Security-Policy forbids the network.
func HTML(w io.Writer, d *Data, against *Data) error {
	p := page{Title: shown(d.Summary.Plan)}
	runs := []*Data{d}
	if against == nil {
		p.Runs = append(p.Runs, newRun("", d))
	} else {
		runs = append(runs, against)
		p.Runs = append(p.Runs, newRun("First run", d), newRun("Second run", against))
		p.Compare = newComparison(d.Summary, against.Summary)
	}
	p.Panels = panels(d)
	p.Charts = newCharts(runs)
	for size, cut := 0, 0; ; cut++ {
		var text bytes.Buffer
		if err := write(&text, &p); err != nil {
			return err
		}
		if size = text.Len(); size <= maxPage {
			_, err := w.Write(text.Bytes())
			return err
		}
		if !p.Charts.lighten(cut) {
			return fmt.Errorf("the page would have %d bytes, more than %d", size, maxPage)
		}
	}
}

// lighten leaves out what takes the most room and is missed least, a step at a time. It
// reports whether there was anything left.
func (c *charts) lighten(step int) bool {
	for i := range c.Runs {
		r := &c.Runs[i]
		switch step {
		case 0: // the traces of all but a few requests
			for j := 10; j < len(r.Requests); j++ {
				r.Requests[j].Target = nil
			}
		case 1: // the lines of single attacks
			r.Series = r.Series[:min(len(r.Series), 1)]
		case 2: // the traces of the last few
			for j := range r.Requests {
				r.Requests[j].Target = nil
			}
		default:
			return false
		}
	}
	return true
}

// parts are what the page is made of beside its data.
type parts struct {
	template *template.Template
	head     template.HTML // the policy and the styles
	scripts  template.HTML
}

var pageParts = sync.OnceValues(func() (*parts, error) {
	assets, err := uplot.Read()
	if err != nil {
		return nil, err
	}
	for _, text := range []string{assets.JS, pageScript} {
		if strings.Contains(strings.ToLower(text), "</script") {
			return nil, errors.New("a script of the page contains the end of a script")
		}
	}
	style := assets.CSS + "\n" + pageStyle
	policy := "default-src 'none'; script-src " + digest(assets.JS) + " " + digest(pageScript) + "; style-src " + digest(style) + "; base-uri 'none'; form-action 'none'"
	p := &parts{
		head:    template.HTML(`<meta http-equiv="Content-Security-Policy" content="` + policy + `">` + "\n<style>" + style + "</style>"),
		scripts: template.HTML("<script>" + assets.JS + "</script>\n<script>" + pageScript + "</script>"),
	}
	p.template, err = template.New("page").Funcs(functions).Parse(pageText)
	return p, err
})

// functions of the template.
var functions = template.FuncMap{
	"timeNames": func() []string { return timeNames },
	"rows": func(run int, rows []requestRow, caption, which string) any {
		if which != "" {
			caption = which + ": " + strings.ToLower(caption[:1]) + caption[1:]
		}
		return struct {
			Run     int
			Rows    []requestRow
			Caption string
		}{run, rows, caption}
	},
}

// digest of a script or style, as a Content-Security-Policy has it.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func write(w io.Writer, p *page) error {
	made, err := pageParts()
	if err != nil {
		return err
	}
	err = made.template.Execute(w, struct {
		*page
		Head, Scripts template.HTML
	}{p, made.head, made.scripts})
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
