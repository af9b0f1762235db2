package environment

import (
	"encoding/json"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// linux is the files of a virtual machine.
func linux(more map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"proc/sys/kernel/osrelease": "6.18.1\n",
		"proc/sys/kernel/hostname":  "build-17\n",
		"proc/cpuinfo":              "processor\t: 0\nmodel name\t: AMD EPYC 9B14\nflags\t\t: fpu hypervisor lm\n\nprocessor\t: 1\nmodel name\t: other\n",
		"proc/self/status":          "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-1,5\n",
		"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
		"sys/devices/system/cpu/online":                                   "0-7\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            "powersave\n",
		"sys/class/dmi/id/sys_vendor":                                     "Google\n",
		"sys/class/dmi/id/product_name":                                   "Compute Engine\n",
		"proc/self/cgroup":                                                "0::/\n",
		"proc/self/mountinfo":                                             "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		"sys/fs/cgroup/cgroup.controllers":                                "cpu memory\n",
		"sys/fs/cgroup/cpu.max":                                           "150000 100000\n",
		"sys/fs/cgroup/memory.max":                                        "536870912\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestALinuxMachineTellsAllThatThereIs(t *testing.T) {
	e := Read(linux(nil))
	assert.Equal(t, "6.18.1", e.Kernel)
	assert.Equal(t, "Google Compute Engine", e.Hypervisor)
	assert.Equal(t, "tsc", e.ClockSource)
	assert.Equal(t, CPU{Model: "AMD EPYC 9B14", Online: 8, Allowed: 3, Governor: "powersave"}, e.CPU)
	assert.Equal(t, &Limits{CPU: 1.5, Memory: 512 << 20}, e.Limits)
	assert.Equal(t, runtime.Version(), e.Go.Version)
	assert.Len(t, e.Host, fingerprintDigits)
	assert.NotContains(t, e.Host, "build-17")
}

func TestWhatASystemDoesNotTellIsNotKnown(t *testing.T) {
	e := Read(fstest.MapFS{})
	assert.Equal(t, CPU{}, e.CPU)
	assert.Nil(t, e.Limits)
	assert.Empty(t, e.Kernel+e.Hypervisor+e.ClockSource+e.Host)
	assert.Equal(t, runtime.GOOS, e.OS, "the process knows that itself")

	arm := Read(fstest.MapFS{"proc/cpuinfo": {Data: []byte("processor: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n")}})
	assert.Equal(t, "implementer 0x41 part 0xd40", arm.CPU.Model)
	assert.Empty(t, arm.Hypervisor, "an Arm processor does not tell that there is none")

	bare := Read(linux(map[string]string{"proc/cpuinfo": "model name: x\nflags: fpu lm\n"}))
	assert.Equal(t, "none", bare.Hypervisor)
}

func TestTheRuntimeIsReadAsItIsSet(t *testing.T) {
	before := debug.SetGCPercent(73)
	limit := debug.SetMemoryLimit(1 << 33)
	defer func() { debug.SetGCPercent(before); debug.SetMemoryLimit(limit) }()
	g := Here().Go
	assert.Equal(t, "73", g.GC)
	assert.Equal(t, int64(1<<33), g.MemoryLimit)
	assert.Equal(t, runtime.GOMAXPROCS(0), g.MaxProcs)
	debug.SetGCPercent(-1)
	assert.Equal(t, "off", Here().Go.GC)
}

func TestThisMachineHasProcessorsAndAHost(t *testing.T) {
	e := Here()
	assert.True(t, e.Known())
	assert.Positive(t, e.CPU.Allowed)
	assert.NotEmpty(t, e.Host)
	if _, err := os.Stat("/proc/cpuinfo"); err == nil {
		assert.NotEmpty(t, e.CPU.Model)
		assert.NotEmpty(t, e.Kernel)
	}
}

func TestListsOfProcessorsAreCounted(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-1,5": 3, "": 0, "x": 0, "3-1": 0, "0-": 0} {
		assert.Equal(t, want, countList(list), "%q", list)
	}
}

// A field that a fingerprint does not see would let different machines pass for
// one, so each is changed in turn.
func TestEveryFieldButTheHostChangesTheFingerprint(t *testing.T) {
	base := Read(linux(nil))
	base.Versions = map[string]string{"vegeta": "v12.13.0"}
	changed := 0
	var change func(v reflect.Value, path string, e *Environment)
	change = func(v reflect.Value, path string, e *Environment) {
		before := e.Fingerprint()
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				change(v.Field(i), path+"."+v.Type().Field(i).Name, e)
			}
			return
		case reflect.Pointer:
			change(v.Elem(), path, e)
			return
		case reflect.Map:
			e.Versions["ghz"] = "v1"
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Float64:
			v.SetFloat(v.Float() + 0.25)
		case reflect.Uint64:
			v.SetUint(v.Uint() + 1)
		default:
			v.SetInt(v.Int() + 1)
		}
		changed++
		if path == ".Host" {
			assert.Equal(t, before, e.Fingerprint())
		} else {
			assert.NotEqual(t, before, e.Fingerprint(), path)
		}
	}
	change(reflect.ValueOf(&base).Elem(), "", &base)
	assert.Greater(t, changed, 15)
}

// That of an environment that is written out here. If it changes, so do those of
// all summaries that people have kept.
func TestTheFingerprintIsStable(t *testing.T) {
	e := Environment{OS: "linux", Arch: "amd64", CPU: CPU{Model: "m", Online: 4, Allowed: 2}, Limits: &Limits{CPU: 1.5}, Go: Go{Version: "go1.26", GC: "100"}}
	assert.Equal(t, "83d59ad6c338", e.Fingerprint())
}

func TestADifferenceInASettingMattersOfAGeneratorOnly(t *testing.T) {
	a, b := Read(linux(nil)), Read(linux(nil))
	answer, differences := Compare(Generator, &a, &b)
	assert.Equal(t, Same, answer)
	assert.Empty(t, differences)

	b.Go.GC, b.Host = "55", "other"
	answer, differences = Compare(Generator, &a, &b)
	assert.Equal(t, Different, answer)
	require.Len(t, differences, 2)
	assert.Equal(t, "GOGC: "+a.Go.GC+" and 55", differences[0].String())
	assert.False(t, differences[1].Matters, "another host of the same kind is no other machine")

	answer, differences = Compare(Target, &a, &b)
	assert.Equal(t, Same, answer)
	assert.Len(t, differences, 2, "they are told nonetheless")

	b.Limits.CPU = 2
	answer, _ = Compare(Target, &a, &b)
	assert.Equal(t, Different, answer)
}

func TestWhatOneSideDoesNotTellIsADifference(t *testing.T) {
	a, b := Read(linux(nil)), Read(linux(nil))
	b.Limits, b.Versions = nil, map[string]string{"ghz": "v1"}
	answer, differences := Compare(Generator, &a, &b)
	assert.Equal(t, Different, answer)
	assert.Equal(t, "limit of processors: 1.5 and not known", differences[0].String())
	assert.Equal(t, "ghz: not known and v1", differences[2].String())
	a.Limits, b.Versions = nil, nil
	answer, _ = Compare(Generator, &a, &b)
	assert.Equal(t, Same, answer, "neither tells")
	answer, _ = Compare(Generator, &a, &Environment{})
	assert.Equal(t, Unknown, answer)
}

func anyEnvironment(t *rapid.T) Environment {
	word := rapid.SampledFrom([]string{"", "a", "b"})
	number := rapid.IntRange(0, 2)
	e := Environment{
		OS: "linux", Arch: rapid.SampledFrom([]string{"amd64", "386", "arm"}).Draw(t, "arch"), Kernel: word.Draw(t, "kernel"), Hypervisor: word.Draw(t, "hypervisor"), ClockSource: word.Draw(t, "clock"),
		CPU:  CPU{Model: word.Draw(t, "model"), Online: number.Draw(t, "online"), Allowed: number.Draw(t, "allowed"), Governor: word.Draw(t, "governor")},
		Go:   Go{Version: "go1.26", MaxProcs: number.Draw(t, "maxprocs"), GC: word.Draw(t, "gc"), MemoryLimit: int64(number.Draw(t, "memlimit"))},
		Host: word.Draw(t, "host"),
	}
	if rapid.Bool().Draw(t, "limited") {
		e.Limits = &Limits{CPU: float64(number.Draw(t, "cpu")) / 2, Memory: uint64(number.Draw(t, "memory")) << 29}
	}
	if v := word.Draw(t, "version"); v != "" {
		e.Versions = map[string]string{v: "v1"}
	}
	return e
}

func TestFingerprintsAreEqualExactlyIfNothingDiffersThatMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyEnvironment(t), anyEnvironment(t)
		if rapid.Bool().Draw(t, "like a") {
			b = a
			b.Host = "elsewhere"
		}
		answer, _ := Compare(Generator, &a, &b)
		assert.Equal(t, a.Fingerprint() == b.Fingerprint(), answer == Same)
		back, _ := Compare(Generator, &b, &a)
		assert.Equal(t, answer, back)
	})
}

func TestAttributesAndJSONAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyEnvironment(t)
		texts := map[string]string{}
		for _, a := range want.Attributes() {
			texts[string(a.Key)] = a.Value.String()
		}
		got, ok := Parse(texts)
		require.True(t, ok)
		assert.Equal(t, want, got)
		assert.Equal(t, want.Fingerprint(), texts[AttrFingerprint])

		src, err := json.Marshal(want)
		require.NoError(t, err)
		var read Environment
		require.NoError(t, json.Unmarshal(src, &read))
		assert.Equal(t, want, read)
		assert.Contains(t, string(src), `"fingerprint":"`+want.Fingerprint())
	})
}

func TestAResourceWithoutAFingerprintIsNotOurs(t *testing.T) {
	_, ok := Parse(map[string]string{"os.type": "linux", "host.cpu.model.name": "x"})
	assert.False(t, ok)
	e, ok := Parse(map[string]string{AttrFingerprint: "x", AttrCPUOnline: "many", AttrCPULimit: "much", AttrCPUAllowed: "-1"})
	assert.True(t, ok)
	assert.Equal(t, Environment{}, e, "values that make no sense are not known")
}

func TestAnUnknownEnvironmentHasNoAttributesAndNoFingerprint(t *testing.T) {
	var e Environment
	assert.Empty(t, e.Attributes())
	src, err := json.Marshal(e)
	require.NoError(t, err)
	assert.NotContains(t, string(src), "fingerprint")
}

func TestWordsNameWhatIsUnusual(t *testing.T) {
	e := Environment{OS: "linux", Kernel: "6.1", CPU: CPU{Model: "EPYC", Online: 8, Allowed: 2}, Go: Go{Version: "go1.26", GC: "100", MaxProcs: 2}, ClockSource: "tsc", Limits: &Limits{}}
	assert.Equal(t, []string{"EPYC", "2 of 8 processors", "go1.26", "linux 6.1"}, e.Words())
	e.Go.GC, e.Go.MaxProcs, e.ClockSource, e.Limits = "400", 1, "hpet", &Limits{CPU: 1.5, Memory: 1 << 30}
	assert.Equal(t, []string{"EPYC", "2 of 8 processors, GOMAXPROCS 1", "limit 1.5", "memory 1 GiB", "go1.26", "GOGC 400", "linux 6.1", "clock hpet"}, e.Words())
}

func TestModulesOfThisBinaryHaveTheirVersions(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	require.True(t, ok)
	m := append(info.Deps, &info.Main)[0]
	want := m.Version
	if m.Replace != nil {
		want = m.Replace.Version
	}
	assert.Equal(t, map[string]string{"it": want}, Built(map[string]string{"it": m.Path, "none": "example.com/none"}))
}
