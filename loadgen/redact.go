package loadgen

import (
	"net/url"
	"strings"
)

// redacted takes the place of a secret value.
const redacted = "REDACTED"

// RedactURL is a URL fit to be told: without user information, and with
// REDACTED for the values of query keys that hold secrets. These are, as
// written, the four that the OpenTelemetry semantic conventions (1.41.0,
// url.full) name: AWSAccessKeyId, Signature, sig, X-Goog-Signature; and, in any
// case, api_key, apikey, access_token, token, password and secret. Everything
// else stays byte for byte, also of a text that is no valid URL.
func RedactURL(text string) string {
	text, fragment, hasFragment := strings.Cut(text, "#")
	text, query, hasQuery := strings.Cut(text, "?")
	text = withoutUser(text)
	if hasQuery {
		text += "?" + redactQuery(query)
	}
	if hasFragment {
		text += "#" + fragment
	}
	return text
}

// RedactFaulty is RedactURL for what should be a URL or an address and is none, in an
// error. A password that is not escaped is why most of them are none: it may have a slash
// or a question mark, behind which a parser sees no user information any more. So all
// before the last @ goes.
func RedactFaulty(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return RedactURL(text)
	}
	scheme, rest, ok := strings.Cut(text[:at], "//")
	if ok && !strings.Contains(scheme, "/") {
		if !strings.ContainsAny(rest, "/?#") {
			return RedactURL(text)
		}
		scheme += "//"
	} else {
		scheme = ""
	}
	return scheme + redacted + RedactURL(text[at:])
}

// withoutUser takes a URL without its query.
func withoutUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "//")
	if !ok || strings.Contains(scheme, "/") {
		return text
	}
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		return scheme + "//" + authority[i+1:] + path
	}
	return text
}

// redactQuery takes both & and ; as separators, since targets differ.
func redactQuery(query string) string {
	var out strings.Builder
	for query != "" {
		pair, separator := query, ""
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			pair, separator = query[:i], query[i:i+1]
		}
		query = query[len(pair)+len(separator):]
		if key, _, ok := strings.Cut(pair, "="); ok && secretKey(key) {
			pair = key + "=" + redacted
		}
		out.WriteString(pair)
		out.WriteString(separator)
	}
	return out.String()
}

func secretKey(escaped string) bool {
	key, err := url.QueryUnescape(escaped)
	if err != nil {
		key = escaped
	}
	switch key {
	case "AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature":
		return true
	}
	switch strings.ToLower(key) {
	case "api_key", "apikey", "access_token", "token", "password", "secret":
		return true
	}
	return false
}
