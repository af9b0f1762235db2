package hostname

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHostsAreWrittenAsDNSHasThem(t *testing.T) {
	for host, want := range map[string]string{
		"": "", "api.test": "api.test", "API.test": "API.test", "my_service": "my_service", "10.0.0.1": "10.0.0.1", "::1": "::1",
		"bücher.test": "xn--bcher-kva.test", "BÜCHER.test": "xn--bcher-kva.test", "straße.test": "xn--strae-oqa.test",
		"例え.テスト": "xn--r8jz45g.xn--zckzah", "bücher。test": "xn--bcher-kva.test", "xn--bcher-kva.test": "xn--bcher-kva.test",
	} {
		got, err := ASCII(host)
		require.NoError(t, err, host)
		assert.Equal(t, want, got)
	}
	for _, host := range []string{"bü cher", "bü_cher.test", "\u0301a.test"} {
		_, err := ASCII(host)
		assert.ErrorContains(t, err, "is no host name", "%q", host)
	}
}

func TestPortsAndTheRestOfAURLStayAsTheyAre(t *testing.T) {
	for from, want := range map[string]string{
		"http://bücher.test/ü?q=ü":   "http://xn--bcher-kva.test/ü?q=ü",
		"https://b%C3%BCcher.test:1": "https://xn--bcher-kva.test:1",
		"http://[fe80::1%25eth0]:80": "http://[fe80::1%25eth0]:80",
		"http://Api.test:080/":       "http://Api.test:080/",
	} {
		u, err := url.Parse(from)
		require.NoError(t, err)
		require.NoError(t, URL(u))
		parsed, err := url.Parse(want)
		require.NoError(t, err)
		assert.Equal(t, parsed.Host, u.Host)
		assert.Equal(t, parsed.Path, u.Path)
	}
	for from, want := range map[string]string{
		"bücher.test:81": "xn--bcher-kva.test:81", "bücher.test": "xn--bcher-kva.test", "[::1]:80": "[::1]:80", "": "",
	} {
		got, err := Port(from)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}
