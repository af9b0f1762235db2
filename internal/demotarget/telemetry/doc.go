// Package telemetry is the OpenTelemetry side of the demo service: traces,
// metrics and logs, made with the SDK as any service would make them, and sent
// over OTLP/HTTP if somebody is there to take them.
//
// It installs no global provider or propagator: what is instrumented gets them
// through Telemetry's Route, Transport and ServerHandler. The one global that it
// must set is the SDK's error handler; see reportFaults.
//
// The caller of New owns the Telemetry and stops it.
package telemetry
