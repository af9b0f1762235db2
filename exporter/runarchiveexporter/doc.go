// Package runarchiveexporter is a collector exporter that archives each run of the loadgen
// receiver: a folder with run.json and Parquet files; see package runs/archive.
//
// A row of requests comes from its record, which the receiver gives to the exporter beside
// the pipelines, so that a request without a span has one too. What the join knows of the
// request comes through the pipelines, and meets the record by its trace id
// (docs/adr/0026-rows-come-from-records.md).
//
// The exporters of one configuration, up to one each for traces, metrics and logs, are one
// keeper, which owns the writers of the archives: it closes each when its run has ended and
// is joined, or when the last of the exporters is shut down.
package runarchiveexporter

//go:generate go tool mdatagen metadata.yaml
