package summary

// Kinds of findings. Each is a cause, not a symptom.
const (
	FindingGoroutineLeak  FindingKind = "goroutine_leak"
	FindingGCPressure     FindingKind = "gc_pressure"
	FindingPoolExhaustion FindingKind = "pool_exhaustion"
	FindingLockContention FindingKind = "lock_contention"
	FindingCPUThrottling  FindingKind = "cpu_throttling"
	FindingCPUSaturation  FindingKind = "cpu_saturation"
	FindingSlowDependency FindingKind = "slow_dependency"
	FindingBadInstance    FindingKind = "bad_instance"
	FindingChurn          FindingKind = "connection_churn"
	FindingGenerator      FindingKind = "generator"
)

// FindingKind names a cause. Later versions may have more.
type FindingKind string

// Bases of findings: what links the cause to what was measured.
const (
	// BasisDose: the effect grows with the number of requests, and not with time alone.
	BasisDose Basis = "dose"
	// BasisMeasured: the service's own counters or stacks measure the cause.
	BasisMeasured Basis = "measured"
	// BasisAssociation: cause and effect occur together more often than by chance. It
	// does not show which leads to which.
	BasisAssociation Basis = "association"
)

// Basis is what links a cause to its effect.
type Basis string

// Finding is a cause that a run names, with what the claim rests on.
type Finding struct {
	// Kind names the cause: goroutine_leak, gc_pressure, pool_exhaustion, lock_contention,
	// cpu_throttling, cpu_saturation, slow_dependency, bad_instance, connection_churn or
	// generator.
	Kind FindingKind `json:"kind"`
	// Sentence says what was found, for people, with its figures.
	Sentence string `json:"sentence"`
	// Confidence ranks the evidence, above 0 and at most 0.99. docs/diagnosis.md says how
	// each kind computes it.
	Confidence float64 `json:"confidence"`
	// Basis is dose, measured or association.
	Basis Basis `json:"basis"`
	// Cost is the share of the slow requests' response time that the cause takes, 0 to 1,
	// where that is known. Findings are in the order of it, the largest first; those
	// without one follow what they are.
	Cost float64 `json:"cost,omitempty"`
	// Evidence is what the finding rests on, the strongest first, at most ten.
	Evidence []FindingEvidence `json:"evidence"`
	// Try is what to do about it, a sentence each.
	Try []string `json:"try"`
	// Refute is what would show that the finding is wrong, a sentence each.
	Refute []string `json:"refute"`
}

// FindingEvidence is one fact that a finding rests on.
type FindingEvidence struct {
	// Source is where the fact is from: requests, traces, runtime_metrics, gc_events,
	// goroutine_profile, heap_profile, cpu_profile, mutex_profile, block_profile or
	// generator.
	Source string `json:"source"`
	// Text states the fact, in a sentence.
	Text string `json:"text"`
	// Value is the fact as a number, where it is one.
	Value *float64 `json:"value,omitempty"`
	Low   *float64 `json:"low,omitempty"`  // of the 95 % interval of Value, where it has one
	High  *float64 `json:"high,omitempty"` // of that interval
	// Unit of Value, as UCUM has it.
	Unit string `json:"unit,omitempty"`
	// TraceIDs are requests that show it, at most three.
	TraceIDs []string `json:"trace_ids,omitempty"`
	// Stack is the functions of a goroutine or sample, the innermost first, each with its
	// file and line, at most sixteen.
	Stack []string `json:"stack,omitempty"`
}

// Diagnosis says what findings could rest on: without evidence there is none, which is
// not the same as a service without a fault.
type Diagnosis struct {
	// Looked is the evidence that came: traces, runtime_metrics, gc_events, profiles.
	Looked []string `json:"looked,omitempty"`
	// Blind is what could not be judged and why, a sentence each.
	Blind []string `json:"blind,omitempty"`
	// Profiles is what the profiles of the run cost; nil if none were asked for.
	Profiles *Profiles `json:"profiles,omitempty"`
}

// Profiles is what was asked of a target's net/http/pprof.
type Profiles struct {
	URL   string `json:"url"`   // without credentials
	Taken int    `json:"taken"` // answers that could be read
	Bytes int64  `json:"bytes"` // of these answers
	// Took is the time that the target needed for its answers, without the seconds that a
	// CPU profile was asked to last.
	Took Seconds `json:"took"`
	// Troubles are requests for profiles that failed, a sentence each, at most five.
	Troubles []string `json:"troubles,omitempty"`
}
