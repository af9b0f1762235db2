// Package joinbench measures trace_join beside the processors of contrib that have
// spans wait too, tail_sampling and groupbytrace. It has benchmarks only, apart
// from the processor so that it does not depend on them.
//
//	go test -tags lean -run xxx -bench . -cpu 1 -count 7 ./internal/joinbench
package joinbench
