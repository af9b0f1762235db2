//go:build !race

package lineartest

const scale = 1
