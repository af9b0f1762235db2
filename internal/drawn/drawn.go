// Package drawn hides in errors the values that a collector's configuration draws from
// the environment and from files.
package drawn

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/confmap"

	"github.com/loadtrace/loadtrace/internal/reworded"
)

// Values are what a collector's configuration draws from the environment and from files, as with ${env:TOKEN}. The collector's errors quote what they complain about,
// and so may quote a secret that is in the wrong place.
type Values struct {
	mu     sync.Mutex        // guards values
	values map[string]string // text, and what the configuration calls it
}

// least is the length, in bytes, of the shortest value that is hidden: shorter ones
// are parts of any text, and no secrets.
const least = 4

// Watch has a resolver's providers remember what they gave. The list of them is copied.
func (d *Values) Watch(resolver *confmap.ResolverSettings) {
	resolver.ProviderFactories = slices.Clone(resolver.ProviderFactories)
	for i, f := range resolver.ProviderFactories {
		resolver.ProviderFactories[i] = d.watch(f)
	}
}

func (d *Values) watch(f confmap.ProviderFactory) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		return drawing{f.Create(set), d}
	})
}

// drawing is a provider that is watched.
type drawing struct {
	confmap.Provider
	to *Values
}

// Retrieve implements confmap.Provider. A file that has keys is a part of the
// configuration, and no value.
func (p drawing) Retrieve(ctx context.Context, uri string, changed confmap.WatcherFunc) (*confmap.Retrieved, error) {
	got, err := p.Provider.Retrieve(ctx, uri, changed)
	if err != nil || p.Scheme() == "yaml" {
		return got, err
	}
	name, _, _ := strings.Cut(uri, ":-")
	raw, rawErr := got.AsRaw()
	if rawErr != nil {
		return got, err
	}
	switch raw.(type) {
	case map[string]any, []any:
		if p.Scheme() == "file" {
			return got, err
		}
	}
	if text, err := got.AsString(); err == nil {
		p.to.add(text, name)
	}
	p.to.addAll(raw, name)
	return got, err
}

func (d *Values) addAll(raw any, name string) {
	switch v := raw.(type) {
	case map[string]any:
		for _, one := range v {
			d.addAll(one, name)
		}
	case []any:
		for _, one := range v {
			d.addAll(one, name)
		}
	default:
		d.add(fmt.Sprint(v), name)
	}
}

// add a value, in the forms in which an error may have it: a line of it, or a word, as
// errors that are shortened do.
func (d *Values) add(value, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.values == nil {
		d.values = map[string]string{}
	}
	parts := append(strings.Split(value, "\n"), strings.Fields(value)...)
	for _, text := range append(parts, value) {
		text = strings.TrimSpace(text)
		quoted := strconv.Quote(text)
		for _, form := range []string{text, quoted[1 : len(quoted)-1], url.QueryEscape(text), url.PathEscape(text)} {
			if len(form) < least {
				continue
			}
			for _, cased := range []string{form, strings.ToLower(form), strings.ToUpper(form)} { // levels are read in lower case
				d.values[cased] = "${" + name + "}"
			}
		}
	}
}

// Redact has an error say where a value is from, and not the value.
func (d *Values) Redact(err error) error {
	if err == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var longest []string
	for value := range d.values {
		longest = append(longest, value)
	}
	slices.SortFunc(longest, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, value := range longest {
		pairs = append(pairs, value, d.values[value])
	}
	if words := strings.NewReplacer(pairs...).Replace(err.Error()); words != err.Error() {
		return reworded.Error(words, err)
	}
	return err
}

// Guard redacts the errors of a command.
func (d *Values) Guard(cmd *cobra.Command) {
	run := cmd.RunE
	if run == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return d.Redact(run(cmd, args)) }
}
