// Package collectorlog has what stands between the log of a collector in this process and
// whoever reads it: Plain makes of entries text and no more, WithoutAttacks leaves out what
// gRPC writes of attacks, and Notes keeps warnings for when a terminal is free. Each wraps
// a zapcore.Core.
package collectorlog
