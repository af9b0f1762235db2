package runarchiveexporter

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"go.opentelemetry.io/collector/component"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// Config of the exporter.
type Config struct {
	// Directory is the folder of the archives, a path or a file:// URL. Each run gets a
	// folder of its own in it.
	Directory string `mapstructure:"directory"`
	// MaxRunBytes is the most that one archive takes on the disk. Beyond it, rows are
	// dropped and counted.
	MaxRunBytes Size `mapstructure:"max_run_bytes"`
	// Settle is how long after the end of a run, and after the last that the join told of
	// it, the archive is closed. A shutdown closes it too.
	Settle time.Duration `mapstructure:"settle"`
	// Compact makes one file of each kind of rows when an archive is closed.
	Compact   bool            `mapstructure:"compact"`
	Retention RetentionConfig `mapstructure:"retention"`
}

// RetentionConfig says which archives are kept when a run has ended; zero is no limit.
type RetentionConfig struct {
	MaxAge   time.Duration `mapstructure:"max_age"`
	MaxBytes Size          `mapstructure:"max_bytes"`
}

// Size is a number of bytes. As text it has a unit: 256MiB.
type Size int64

// UnmarshalText reads a size with a unit.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("size %q: want a number and a unit, for instance 256MiB", text)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes what UnmarshalText reads, to the byte.
func (s Size) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%dB", int64(s)), nil }

func createDefaultConfig() component.Config {
	r := archive.DefaultRetention()
	return &Config{
		MaxRunBytes: archive.DefaultMaxBytes,
		Settle:      15 * time.Second,
		Compact:     true,
		Retention:   RetentionConfig{MaxAge: r.MaxAge, MaxBytes: Size(r.MaxBytes)},
	}
}

const minRunBytes = 1 << 20

// Validate reports every fault at once.
func (c *Config) Validate() error {
	var errs []error
	if _, err := c.root(); err != nil {
		errs = append(errs, err)
	}
	for _, check := range []struct {
		ok   bool
		text string
	}{
		{c.MaxRunBytes >= minRunBytes, "max_run_bytes: is too small; write 1MiB or more"},
		{c.Settle >= 0, "settle: is negative; write 0s or more"},
		{c.Retention.MaxAge >= 0, "retention::max_age: is negative; write 0s for no limit"},
		{c.Retention.MaxBytes >= 0, "retention::max_bytes: is negative; write 0B for no limit"},
	} {
		if !check.ok {
			errs = append(errs, errors.New(check.text))
		}
	}
	return errors.Join(errs...)
}

// root is the path of the folder of archives.
func (c *Config) root() (string, error) {
	scheme, _, isURL := strings.Cut(c.Directory, "://")
	switch {
	case c.Directory == "":
		return "", errors.New("directory: is missing; write the path of a folder for archives of runs")
	case !isURL:
		return c.Directory, nil
	case scheme != "file":
		return "", fmt.Errorf("directory: scheme %q is not supported; write a path or a file:// URL", scheme)
	}
	u, err := url.Parse(c.Directory)
	if err != nil || u.Host != "" || u.Path == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("directory: is no URL of a folder; write file:///path")
	}
	return u.Path, nil
}

func (r RetentionConfig) retention() archive.Retention {
	return archive.Retention{MaxAge: r.MaxAge, MaxBytes: int64(r.MaxBytes)}
}
