package infile

import "fmt"

// Limits of files, in bytes.
const (
	MaxPlan     = 1 << 20
	MaxTargets  = 256 << 20 // a targets file
	MaxBody     = 128 << 20 // of an HTTP request
	MaxPEM      = 4 << 20   // certificates or a key
	MaxProto    = 4 << 20   // a .proto file, and each that it imports
	MaxProtoset = 64 << 20
	MaxMessages = 64 << 20 // of a gRPC attack, in JSON or as one binary message
)

// size is a limit in words.
func size(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
