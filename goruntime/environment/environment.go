package environment

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Environment of a process. It must not be changed by those who share it. In JSON
// it has its fingerprint beside its fields.
type Environment struct {
	OS         string `json:"os,omitempty"`         // as GOOS
	Arch       string `json:"arch,omitempty"`       // as GOARCH
	Kernel     string `json:"kernel,omitempty"`     // its release
	Hypervisor string `json:"hypervisor,omitempty"` // of a virtual machine; none on bare metal
	// ClockSource is what the kernel reads time from. One that is not the
	// processor's own makes every time stamp slow.
	ClockSource string `json:"clock_source,omitempty"`
	CPU         CPU    `json:"cpu"`
	// Limits are those of the control group, of version 2; nil if they are not known.
	Limits *Limits `json:"limits,omitempty"`
	Go     Go      `json:"go"`
	// Versions of what measures, by name. A service whose environment is of interest
	// for its machine has none: its version is what one compares.
	Versions map[string]string `json:"versions,omitempty"`
	// Host is a hash of the host's name.
	Host string `json:"host,omitempty"`
}

// CPU is the processors of a machine.
type CPU struct {
	Model    string `json:"model,omitempty"`
	Online   int    `json:"online,omitempty"`   // of the machine
	Allowed  int    `json:"allowed,omitempty"`  // by the affinity of the process
	Governor string `json:"governor,omitempty"` // of the frequency, as Linux names it
}

// Limits of a control group and of those around it; 0 is none.
type Limits struct {
	CPU    float64 `json:"cpu"`    // processors
	Memory uint64  `json:"memory"` // bytes
}

// Go is the settings of a Go runtime.
type Go struct {
	Version     string `json:"version,omitempty"`
	MaxProcs    int    `json:"maxprocs,omitempty"`
	GC          string `json:"gc,omitempty"`           // GOGC: a number of percent, or off
	MemoryLimit int64  `json:"memory_limit,omitempty"` // GOMEMLIMIT in bytes; 0 is none
}

// fingerprintDigits is how long a fingerprint is. 48 bits are enough to tell the
// environments of everybody who compares runs apart.
const fingerprintDigits = 12

// Fingerprint is equal for two environments if Compare finds no difference that
// matters to a generator, and, but for a chance of one in 2^48, only then. It does
// not depend on the host's name.
func (e *Environment) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintln(h, "environment 1")
	for _, f := range fieldsOf(e) {
		if f.weight != ofName {
			fmt.Fprintf(h, "%s=%s\n", f.key, f.value)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:fingerprintDigits]
}

// Known reports whether anything is known of it.
func (e *Environment) Known() bool { return e.OS != "" || e.CPU.Model != "" || e.Go.Version != "" }

// MarshalJSON adds the fingerprint, so that it cannot disagree with the fields.
func (e Environment) MarshalJSON() ([]byte, error) {
	type plain Environment
	if !e.Known() {
		return json.Marshal(plain(e))
	}
	return json.Marshal(struct {
		Fingerprint string `json:"fingerprint"`
		plain
	}{e.Fingerprint(), plain(e)})
}

// hashed is how a host is called.
func hashed(host string) string {
	if host == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte("host "+host)))[:fingerprintDigits]
}
