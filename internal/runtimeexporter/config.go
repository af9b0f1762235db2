package runtimeexporter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// file is the configuration file.
type file struct {
	Targets []fileTarget `yaml:"targets"`
}

// fileTarget is one target. What it leaves out is as the flags say.
type fileTarget struct {
	Service string        `yaml:"service"`
	Target  string        `yaml:"target"`
	Timeout time.Duration `yaml:"timeout"`
	Pass    *string       `yaml:"pass"`
	// HTTP is Prometheus's http client configuration: tls_config, basic_auth,
	// authorization, oauth2, proxies.
	HTTP config.HTTPClientConfig `yaml:"http"`
}

// UnmarshalYAML puts in the defaults that HTTPClientConfig only has when its key
// is there.
func (t *fileTarget) UnmarshalYAML(unmarshal func(any) error) error {
	type plain fileTarget
	t.HTTP = config.DefaultHTTPClientConfig
	return unmarshal((*plain)(t))
}

func readConfig(name string, timeout time.Duration, pass *regexp.Regexp) ([]target.Config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	var f file
	if err := yaml.UnmarshalStrict(text, &f); err != nil {
		return nil, fmt.Errorf("--config %s: %w", name, err)
	}
	if len(f.Targets) == 0 {
		return nil, fmt.Errorf("--config %s: targets: is empty; write - {service: auth-service, target: \"localhost:8080\"}", name)
	}
	var all []target.Config
	var faults []error
	for i, t := range f.Targets {
		t.HTTP.SetDirectory(filepath.Dir(name))
		c, err := t.config(timeout, pass)
		if err != nil {
			faults = append(faults, fmt.Errorf("--config %s: targets[%d].%w", name, i, err))
		}
		all = append(all, c)
	}
	return all, errors.Join(faults...)
}

// config is the target's; errors begin with the key.
func (t fileTarget) config(timeout time.Duration, pass *regexp.Regexp) (target.Config, error) {
	c := target.Config{Service: t.Service, Address: t.Target, Timeout: timeout, Pass: pass, HTTP: t.HTTP}
	if t.Service == "" {
		return c, errors.New("service: is missing; write a name, for instance auth-service")
	}
	if t.Target == "" {
		return c, errors.New("target: is missing; write host:port or a URL")
	}
	if t.Timeout < 0 {
		return c, fmt.Errorf("timeout: %v is negative; write for instance 2s", t.Timeout)
	}
	if t.Timeout > 0 {
		c.Timeout = t.Timeout
	}
	if t.Pass != nil {
		pattern, err := passPattern(*t.Pass)
		if err != nil {
			return c, fmt.Errorf("pass: %q is not a pattern (%w); write for instance http_.*", *t.Pass, err)
		}
		c.Pass = pattern
	}
	return c, nil
}
