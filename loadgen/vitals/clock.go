package vitals

// Clock is how well the machine's clock is known to agree with the time of day,
// as its kernel has it from whoever disciplines it (NTP, PTP).
type Clock struct {
	// Synchronised is false where the kernel says so, and nil where it says nothing.
	Synchronised *bool `json:"synchronised"`
	// MaxError is the kernel's bound on the clock's error, in seconds; nil unless
	// Synchronised.
	MaxError *float64 `json:"max_error,omitempty"`
}
