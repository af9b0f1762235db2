package event

import (
	"encoding/json"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// summaryJSON is the summary without the secrets of URLs, and without what bad answers
// say, which may be anything: it goes to the terminal and to the user's file only.
func summaryJSON(sum *summary.Summary) (string, error) {
	public := sum.WithoutSecrets()
	for i := range public.Attacks {
		public.Attacks[i].Excerpts = nil
	}
	public.Total.Excerpts = nil
	src, err := json.Marshal(public)
	return string(src), err
}
