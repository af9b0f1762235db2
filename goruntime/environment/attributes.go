package environment

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
)

// Attributes of a resource that the semantic conventions do not have. What is not
// known is absent.
const (
	AttrFingerprint   = "loadgen.env.fingerprint"
	AttrKernel        = "loadgen.env.kernel"
	AttrHypervisor    = "loadgen.env.hypervisor"
	AttrClockSource   = "loadgen.env.clock_source"
	AttrCPUOnline     = "loadgen.env.cpu.online"
	AttrCPUAllowed    = "loadgen.env.cpu.allowed"
	AttrCPUGovernor   = "loadgen.env.cpu.governor"
	AttrCPULimit      = "loadgen.env.cpu.limit"    // processors; 0 is no limit
	AttrMemoryLimit   = "loadgen.env.memory.limit" // By; 0 is no limit
	AttrGoMaxProcs    = "loadgen.env.go.maxprocs"
	AttrGoGC          = "loadgen.env.go.gc"           // percent, or off
	AttrGoMemoryLimit = "loadgen.env.go.memory_limit" // By; 0 is no limit
	AttrHost          = "loadgen.env.host"            // a hash of the host's name
	AttrVersionPrefix = "loadgen.env.version."        // + what
)

// Those that they have.
const (
	attrOS        = string(semconv.OSTypeKey)
	attrArch      = string(semconv.HostArchKey)
	attrCPUModel  = string(semconv.HostCPUModelNameKey)
	attrRuntime   = string(semconv.ProcessRuntimeNameKey)
	attrGoVersion = string(semconv.ProcessRuntimeVersionKey)
)

// conventional are the architectures that the conventions name otherwise than Go.
var conventional = map[string]string{"386": "x86", "arm": "arm32"}

// Attributes are those of a resource whose process has this environment.
func (e *Environment) Attributes() []attribute.KeyValue {
	if !e.Known() {
		return nil
	}
	arch := e.Arch
	if c, ok := conventional[arch]; ok {
		arch = c
	}
	var out []attribute.KeyValue
	text := func(key, value string) {
		if value != "" {
			out = append(out, attribute.String(key, value))
		}
	}
	count := func(key string, value int) {
		if value != 0 {
			out = append(out, attribute.Int(key, value))
		}
	}
	text(AttrFingerprint, e.Fingerprint())
	text(attrOS, e.OS)
	text(attrArch, arch)
	text(attrCPUModel, e.CPU.Model)
	text(AttrKernel, e.Kernel)
	text(AttrHypervisor, e.Hypervisor)
	text(AttrClockSource, e.ClockSource)
	count(AttrCPUOnline, e.CPU.Online)
	count(AttrCPUAllowed, e.CPU.Allowed)
	text(AttrCPUGovernor, e.CPU.Governor)
	if l := e.Limits; l != nil {
		out = append(out, attribute.Float64(AttrCPULimit, l.CPU), attribute.Int64(AttrMemoryLimit, int64(l.Memory)))
	}
	if e.Go.Version != "" {
		text(attrRuntime, "go")
		text(attrGoVersion, e.Go.Version)
		count(AttrGoMaxProcs, e.Go.MaxProcs)
		text(AttrGoGC, e.Go.GC)
		out = append(out, attribute.Int64(AttrGoMemoryLimit, e.Go.MemoryLimit))
	}
	text(AttrHost, e.Host)
	for _, what := range slices.Sorted(maps.Keys(e.Versions)) {
		text(AttrVersionPrefix+what, e.Versions[what])
	}
	return out
}

// Parse reads what Attributes wrote from the texts of a resource's attributes. It
// is not ok if the resource has no fingerprint: who sent it does not describe its
// environment this way.
func Parse(attributes map[string]string) (e Environment, ok bool) {
	if attributes[AttrFingerprint] == "" {
		return Environment{}, false
	}
	arch := attributes[attrArch]
	for own, c := range conventional {
		if c == arch {
			arch = own
		}
	}
	e = Environment{
		OS: attributes[attrOS], Arch: arch, Kernel: attributes[AttrKernel],
		Hypervisor: attributes[AttrHypervisor], ClockSource: attributes[AttrClockSource],
		CPU: CPU{
			Model: attributes[attrCPUModel], Governor: attributes[AttrCPUGovernor],
			Online: whole[int](attributes[AttrCPUOnline]), Allowed: whole[int](attributes[AttrCPUAllowed]),
		},
		Go: Go{
			Version: attributes[attrGoVersion], GC: attributes[AttrGoGC],
			MaxProcs: whole[int](attributes[AttrGoMaxProcs]), MemoryLimit: whole[int64](attributes[AttrGoMemoryLimit]),
		},
		Host: attributes[AttrHost],
	}
	if limit, err := strconv.ParseFloat(attributes[AttrCPULimit], 64); err == nil {
		e.Limits = &Limits{CPU: limit, Memory: whole[uint64](attributes[AttrMemoryLimit])}
	}
	for key, value := range attributes {
		if what, ok := strings.CutPrefix(key, AttrVersionPrefix); ok {
			if e.Versions == nil {
				e.Versions = map[string]string{}
			}
			e.Versions[what] = value
		}
	}
	return e, true
}

// whole is a number that somebody sent; 0 if it is none.
func whole[T int | int64 | uint64](text string) T {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return T(n)
}
