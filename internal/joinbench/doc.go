// Package joinbench measures trace_join beside the processors of contrib that have
// spans wait too, tail_sampling and groupbytrace. It has benchmarks only, apart
// from the processor so that it does not depend on them.
//
//	make bench-join
package joinbench
