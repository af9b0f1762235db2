// Package schema makes the JSON Schemas (draft 2020-12) of a plan, of the JSON summary of
// a run and of run.json in its archive from their Go types, so that editors and programs
// know what the parser and the printer know. Descriptions come from docs/plan.md and from
// the comments of the types. The schemas are published in docs/schema.
package schema

//go:generate go run ./genschema
