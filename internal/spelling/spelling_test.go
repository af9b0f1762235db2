package spelling

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAWordWithinTwoEditsIsMeant(t *testing.T) {
	known := []string{"run", "demo", "lint", "ladder", "compare", "calibrate"}
	for word, want := range map[string]string{
		"rnu": "run", "RUN": "run", "ru": "run", "rum": "run", "dmeo": "demo", "comapre": "compare", "calbrate": "calibrate",
		"x": "", "deploy": "", "": "", "runrunrun": "",
	} {
		near, ok := Nearest(word, known)
		assert.Equal(t, want, near, word)
		assert.Equal(t, want != "", ok)
	}
}
