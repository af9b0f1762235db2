// Package utf8text keeps strings valid that are passed on in other telemetry than they came
// in: OTLP's must be UTF-8, and a receiver may refuse a whole payload for one that is not.
package utf8text

import "strings"

// Valid is s with a replacement character in place of what is no UTF-8.
func Valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
