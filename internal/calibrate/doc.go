// Package calibrate measures the error of the instrument itself: it attacks a
// reference server in this process, whose latencies are injected and so known,
// and sets what the summary of the run says beside the truth.
//
// It neither runs a collector nor prints; its caller gives it the way to carry
// out a plan, and gets results.
package calibrate
