//go:build !race

package tracejoinprocessor

const raced = false
