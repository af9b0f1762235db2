package planfile

import (
	"encoding/json"
	"regexp"
	"strings"
)

// jsonNumber is a number as JSON writes it (RFC 8259, section 6).
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// jsonOf is a value of the source as JSON text, with its keys in their order.
// What stands in quotes is a text, also where a variable gave a number.
func jsonOf(n *node) string {
	switch n.kind {
	case mapping:
		return jsonList(n.entries, "{", "}")
	case sequence:
		return jsonList(n.entries, "[", "]")
	case null:
		return "null"
	}
	if !n.marked && (n.text == "true" || n.text == "false" || jsonNumber.MatchString(n.text)) {
		return n.text
	}
	return jsonText(n.text)
}

func jsonList(entries []keyValue, begin, end string) string {
	parts := make([]string, len(entries))
	for i, e := range entries {
		parts[i] = jsonOf(e.value)
		if begin == "{" {
			parts[i] = jsonText(e.key) + ":" + parts[i]
		}
	}
	return begin + strings.Join(parts, ",") + end
}

// jsonText is a text as JSON, without the escapes of < and & that a template
// would stumble over.
func jsonText(s string) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("a text has no JSON: " + err.Error()) // it always has
	}
	return strings.TrimSuffix(out.String(), "\n")
}
