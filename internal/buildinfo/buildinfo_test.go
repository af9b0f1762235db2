package buildinfo

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestInfoIsWhatTheToolchainRecorded(t *testing.T) {
	i := Of("1.2.3", &debug.BuildInfo{
		GoVersion: "go1.26.0",
		Deps:      []*debug.Module{{Path: "example.test/x", Version: "v1.0.0"}, {Path: collector, Version: "v0.158.0"}},
		Settings: []debug.BuildSetting{
			{Key: "-tags", Value: "lean"}, {Key: "GOARCH", Value: "arm64"}, {Key: "GOOS", Value: "linux"},
			{Key: "vcs.revision", Value: "0a1b2c"}, {Key: "vcs.modified", Value: "true"},
		},
	})
	assert.Equal(t, Info{Version: "1.2.3", Revision: "0a1b2c", Modified: true, Go: "go1.26.0", Collector: "v0.158.0", OS: "linux", Arch: "arm64", Tags: "lean"}, i)
	var out strings.Builder
	i.Write(&out)
	assert.Equal(t, `loadtrace  1.2.3
revision   0a1b2c, modified
go         go1.26.0
collector  v0.158.0
platform   linux/arm64
tags       lean
`, out.String())
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	var out strings.Builder
	Of("1.2.3", nil).Write(&out)
	assert.Equal(t, "loadtrace  1.2.3\n", out.String())
}
