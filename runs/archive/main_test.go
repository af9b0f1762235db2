package archive_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary is another process where the environment says so.
func TestMain(m *testing.M) {
	if root := os.Getenv(asWriter); root != "" {
		writeForever(root)
	}
	if check := os.Getenv("LOADTRACE_TEST_DISK"); check != "" {
		checkOnDisk(check)
	}
	goleak.VerifyTestMain(m)
}
