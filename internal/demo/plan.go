package demo

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

//go:embed demo.yaml
var demoPlan []byte

// demoTargets is how many requests the demo's files hold, sent in turn.
const demoTargets = 5000

// WritePlan writes the plan, its targets for an HTTP address and its messages,
// and returns the plan's path. A few tokens get most requests, as in life, so
// that the service's cache has some hits and some misses.
func WritePlan(dir, address string) (string, error) {
	var targets, messages bytes.Buffer
	random := rand.New(rand.NewPCG(1, 1))
	between := "["
	for range demoTargets {
		name := token.Demo(1 + int(math.Pow(random.Float64(), 4)*token.Demos))
		fmt.Fprintf(&targets, "GET http://%s/auth/validate\nAuthorization: Bearer %s\n\n", address, name)
		fmt.Fprintf(&messages, "%s{\"token\": %q}", between, name)
		between = ",\n"
	}
	messages.WriteString("]\n")
	plan := filepath.Join(dir, "demo.yaml")
	for name, content := range map[string][]byte{
		"demo.yaml": demoPlan, "tokens.http": targets.Bytes(), "tokens.json": messages.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	return plan, nil
}
