// Package exposition makes Prometheus metric families of what targets answered.
//
// It is pure. What the exporter itself knows of a target becomes OpenTelemetry
// metrics, by the semantic conventions, and the OpenTelemetry SDK's Prometheus
// exporter names and types them; families that a target has already are passed
// on beside them, with labels that say whose they are. Where a target has a
// family of the same name, the target's own is taken.
package exposition
