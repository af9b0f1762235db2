package loadgen_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
)

func TestAURLIsToldWithoutItsSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"http://user:hidden@shop.test/a":                 "http://shop.test/a",
		"http://hidden@shop.test":                        "http://shop.test",
		"http://user:p@hidden@shop.test:80?x=1":          "http://shop.test:80?x=1",
		"//user:hidden@shop.test/":                       "//shop.test/",
		"http://u:hidden@[::1]:80/a@b":                   "http://[::1]:80/a@b",
		"http://shop.test/?sig=hidden":                   "http://shop.test/?sig=REDACTED",
		"/?AWSAccessKeyId=hidden&Signature=hidden&a=b":   "/?AWSAccessKeyId=REDACTED&Signature=REDACTED&a=b",
		"/?X-Goog-Signature=hidden#f":                    "/?X-Goog-Signature=REDACTED#f",
		"/?api_key=hidden&APIKEY=hidden;Token=hi=dden":   "/?api_key=REDACTED&APIKEY=REDACTED;Token=REDACTED",
		"/?access_token=hidden&PassWord=hidden&secret=h": "/?access_token=REDACTED&PassWord=REDACTED&secret=REDACTED",
		"/?to%6ben=hidden&":                              "/?to%6ben=REDACTED&",
		"http://u:hidden@shop.test/%zz?token=hidden&%zz": "http://shop.test/%zz?token=REDACTED&%zz",
	} {
		got := loadgen.RedactURL(url)
		assert.Equal(t, want, got, url)
		assert.NotContains(t, got, "hidden")
		assert.Equal(t, got, loadgen.RedactURL(got), "twice is once")
	}
}

func TestAURLWithoutSecretsStaysAsItIs(t *testing.T) {
	for _, url := range []string{
		"", "http://shop.test", "http://shop.test/a%2Fb/?q=a+b&&c;=&x=%zz#?token=1", "http://shop.test/@me?to=a@b",
		"http://shop.test/go//user:x@y", "mailto:a@b", "?Sig=1&signature=1&tokens=2&token", "http://[::1]:80/ä b\\",
	} {
		assert.Equal(t, url, loadgen.RedactURL(url))
	}
	rapid.Check(t, func(t *rapid.T) {
		url := "http://shop.test/" + rapid.StringMatching(`[a-z@:/]*(\?[xyz=&;%0-9@/?]*)?(#.*)?`).Draw(t, "rest")
		assert.Equal(t, url, loadgen.RedactURL(url))
	})
}
