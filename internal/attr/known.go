package attr

import (
	"slices"
	"strings"
)

//go:generate go run ./internal/gen

// Known reports whether a name that begins as ours do is one of them: that of an
// attribute, a metric, an event or a span.
func Known(name string) bool {
	name = strings.TrimSuffix(name, JoinRuntimeAgeSuffix)
	return slices.ContainsFunc(names, func(own string) bool {
		if strings.HasSuffix(own, ".") {
			return len(name) > len(own) && strings.HasPrefix(name, own)
		}
		return name == own
	})
}
