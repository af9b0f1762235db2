package environment

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
)

// Here is the environment of this process now.
func Here() Environment {
	e := Read(os.DirFS("/"))
	if e.Host == "" {
		name, _ := os.Hostname()
		e.Host = hashed(name)
	}
	if e.CPU.Allowed == 0 {
		e.CPU.Allowed = runtime.NumCPU() // as of the start of the process
	}
	return e
}

// Read is the environment that the files of a Linux system tell of, with what this
// process knows of itself. Elsewhere than on Linux the latter is all there is.
func Read(root fs.FS) Environment {
	info := readCPUInfo(root)
	return Environment{
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernel:      line(root, "proc/sys/kernel/osrelease"),
		Hypervisor:  hypervisor(root, info),
		ClockSource: line(root, "sys/devices/system/clocksource/clocksource0/current_clocksource"),
		CPU: CPU{
			Model:    info.model(),
			Online:   countList(line(root, "sys/devices/system/cpu/online")),
			Allowed:  allowed(root),
			Governor: line(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		},
		Limits: limits(root),
		Go:     readGo(),
		Host:   hashed(line(root, "proc/sys/kernel/hostname")),
	}
}

// line is the text of a file of one line; "" if there is none.
func line(root fs.FS, name string) string {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(text))
}

// cpuInfo is the first processor of /proc/cpuinfo.
type cpuInfo map[string]string

func readCPUInfo(root fs.FS) cpuInfo {
	text, err := fs.ReadFile(root, "proc/cpuinfo")
	if err != nil {
		return nil
	}
	info := cpuInfo{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if !ok && len(info) > 0 {
			break
		}
		info[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return info
}

// model is the name of the processor. Arm has numbers for it only.
func (c cpuInfo) model() string {
	if model := c["model name"]; model != "" {
		return model
	}
	if part := c["CPU part"]; part != "" {
		return "implementer " + c["CPU implementer"] + " part " + part
	}
	return ""
}

// hypervisor is who runs the virtual machine, or virtual if that is all that is
// known. Processors but those of x86 do not tell that there is none.
func hypervisor(root fs.FS, info cpuInfo) string {
	if kind := line(root, "sys/hypervisor/type"); kind != "" {
		return kind
	}
	flags, known := info["flags"]
	if !known {
		return ""
	}
	for flag := range strings.FieldsSeq(flags) {
		if flag == "hypervisor" {
			vendor := line(root, "sys/class/dmi/id/sys_vendor")
			product := line(root, "sys/class/dmi/id/product_name")
			if vendor+product == "" {
				return "virtual"
			}
			return strings.TrimSpace(vendor + " " + product)
		}
	}
	return "none"
}

// allowed is how many processors the affinity of the process has.
func allowed(root fs.FS) int {
	text, err := fs.ReadFile(root, "proc/self/status")
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(text)) {
		if list, ok := strings.CutPrefix(l, "Cpus_allowed_list:"); ok {
			return countList(strings.TrimSpace(list))
		}
	}
	return 0
}

// countList counts a list of the kernel's, such as 0-3,8. What it cannot read is 0.
func countList(list string) int {
	n := 0
	for part := range strings.SplitSeq(list, ",") {
		first, last, more := strings.Cut(part, "-")
		if !more {
			last = first
		}
		a, err1 := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || b < a {
			return 0
		}
		n += b - a + 1
	}
	return n
}

func limits(root fs.FS) *Limits {
	group, err := cgroup.Find(root)
	if err != nil {
		return nil
	}
	stats, l := group.Read(), &Limits{}
	if stats.CPULimit != nil {
		l.CPU = *stats.CPULimit
	}
	if stats.MemoryLimit != nil {
		l.Memory = *stats.MemoryLimit
	}
	return l
}

// readGo asks the runtime how it is set, which needs no change to it.
func readGo() Go {
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(samples)
	g := Go{Version: runtime.Version(), MaxProcs: runtime.GOMAXPROCS(0)}
	if v := samples[0].Value; v.Kind() == metrics.KindUint64 {
		g.GC = "off"
		if percent := v.Uint64(); percent <= math.MaxInt32 {
			g.GC = strconv.FormatUint(percent, 10)
		}
	}
	if v := samples[1].Value; v.Kind() == metrics.KindUint64 && v.Uint64() < math.MaxInt64 {
		g.MemoryLimit = int64(v.Uint64())
	}
	return g
}

// Built is the versions of modules that this binary was built with, by the names
// that their paths are given. One that is not in it is left out.
func Built(paths map[string]string) map[string]string {
	versions := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for name, path := range paths {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path != path {
				continue
			}
			if m.Replace != nil {
				m = m.Replace
			}
			versions[name] = m.Version
		}
	}
	return versions
}
