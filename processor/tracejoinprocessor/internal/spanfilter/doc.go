// Package spanfilter takes spans out of encoded traces without decoding them: messages of
// OTLP's ExportTraceServiceRequest, as a ptrace.ProtoMarshaler writes them.
//
// It is pure, and keeps nothing that it is given.
package spanfilter
