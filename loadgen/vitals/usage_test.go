package vitals

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// processes is the files of a machine with two processors.
func processes(busy int, stats ...string) Source {
	files := fstest.MapFS{
		"proc/loadavg":  {Data: []byte("5.25 3.10 1.00 4/321 999\n")},
		"proc/stat":     {Data: fmt.Appendf(nil, "cpu  %d 0 0 9000 50 0 0 70 0 0\ncpu0 1 0 0 1 0 0 0 0 0 0\ncpu1 1 0 0 1 0 0 0 0 0 0\nintr 1\n", busy)},
		"proc/uptime":   {Data: []byte("1 1")},
		"proc/77/other": {Data: []byte("a process that ended meanwhile")},
	}
	for _, line := range stats {
		var pid int
		fmt.Sscan(line, &pid)
		files[fmt.Sprintf("proc/%d/stat", pid)] = &fstest.MapFile{Data: []byte(line)}
	}
	return Source{files}
}

func stat(pid int, name string, user, system, start int) string {
	return fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 1 0 0 0 %d %d 5 5 20 0 1 0 %d 1 1 1\n", pid, name, user, system, start)
}

func TestTheProcessesThatUsedMostAreNamed(t *testing.T) {
	self := os.Getpid()
	before := processes(1000,
		stat(1000001, "idle", 500, 500, 1), stat(1000002, "a (b) c", 100, 0, 2), stat(self, "loadtrace", 10, 0, 3), stat(1000004, "gone", 0, 0, 4), stat(1000005, "old", 9000, 0, 5))
	after := processes(1390,
		stat(1000001, "idle", 500, 501, 1), stat(1000002, "a (b) c", 180, 20, 2), stat(self, "loadtrace", 70, 0, 3), stat(1000005, "new", 150, 0, 500), stat(1000006, "small", 10, 0, 6))
	at := time.Now()
	u := Used(before.Census(at), after.Census(at.Add(2*time.Second)))
	require.NotNil(t, u)
	assert.Equal(t, &Usage{Load: 5.25, Processors: 2, Busy: 1.95, Top: []Process{
		{"new", 1000005, 0.75, false}, {"a (b) c", 1000002, 0.5, false}, {"loadtrace", self, 0.3, true},
	}}, u, "a number that another process has now is not the old one's")
	assert.Equal(t, []string{"load average 5.2", "1.9 of 2 processors busy", "new (1000005) 0.75", "a (b) c (1000002) 0.50", "loadtrace (this run) 0.30"}, u.Words())
}

func TestASystemWithoutProcTellsNothing(t *testing.T) {
	none := Source{fstest.MapFS{}}
	now := time.Now()
	assert.Nil(t, Used(none.Census(now), none.Census(now.Add(time.Second))))
	strange := processes(0, "12 no parentheses", "13 (short) S 1", "14 (words) S 1 1 1 0 -1 4194560 1 0 0 0 x y 5 5 20 0 1 0 z 1")
	assert.Empty(t, strange.Census(now).times)
}

func TestAProcessThatBurnsProcessorTimeIsFoundOnThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc here")
	}
	before := System().Census(time.Now())
	hog := exec.Command("sh", "-c", "while :; do :; done")
	require.NoError(t, hog.Start())
	t.Cleanup(func() { hog.Process.Kill(); hog.Wait() })
	require.Eventually(t, func() bool {
		after := System().Census(time.Now())
		for key, now := range after.times {
			if key.pid == hog.Process.Pid && now.ticks > 0 {
				return Used(before, after) != nil && now.name == "sh"
			}
		}
		return false
	}, time.Minute, 20*time.Millisecond)
}
