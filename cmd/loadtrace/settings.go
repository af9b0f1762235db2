package main

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
)

// version of the distribution; builder-config.yaml has the same.
const version = "0.1.0"

// providers of configuration, as in builder-config.yaml.
var providers = []struct {
	factory confmap.ProviderFactory
	module  string
}{
	{envprovider.NewFactory(), "go.opentelemetry.io/collector/confmap/provider/envprovider v1.64.0"},
	{fileprovider.NewFactory(), "go.opentelemetry.io/collector/confmap/provider/fileprovider v1.64.0"},
	{yamlprovider.NewFactory(), "go.opentelemetry.io/collector/confmap/provider/yamlprovider v1.64.0"},
}

// settings are those of the collector that the Collector Builder would make from
// builder-config.yaml, over the given components. values remembers what their
// configuration draws from elsewhere.
func settings(components func() (otelcol.Factories, error), values *drawn) otelcol.CollectorSettings {
	set := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{
			Command:     "loadtrace",
			Description: "OpenTelemetry Collector that load-tests a service and explains what it saw",
			Version:     version,
		},
		Factories:       components,
		ProviderModules: map[string]string{},
		LoggingOptions:  []zap.Option{zap.WrapCore(plainLog), zap.WrapCore(withoutAttacks)},
	}
	resolver := &set.ConfigProviderSettings.ResolverSettings
	resolver.DefaultScheme = "env"
	for _, p := range providers {
		resolver.ProviderFactories = append(resolver.ProviderFactories, values.watch(p.factory))
		set.ProviderModules[p.factory.Create(confmap.ProviderSettings{}).Scheme()] = p.module
	}
	return set
}
