package lineartest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// search a list for all of its own members: its time is quadratic.
func search(n int) func() {
	of := make([]int, n)
	for i := range of {
		of[i] = i
	}
	return func() {
		for i := range of {
			if slices.Index(of, i) != i {
				panic("not found")
			}
		}
	}
}

func TestQuadraticWorkIsFound(t *testing.T) {
	var inner testing.T
	Run(&inner, 1000, search)
	assert.True(t, inner.Failed())
}

func TestLinearWorkPasses(t *testing.T) {
	Run(t, 2_000_000, func(n int) func() {
		return func() {
			of := make([]int, n)
			for i := range of {
				of[i] = i * i
			}
			if slices.Index(of, -1) >= 0 {
				panic("found")
			}
		}
	})
}
