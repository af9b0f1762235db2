package loadgen

// Digest reports whether two attacks do the same, whatever they are called: each part of
// two that are equal was hashed of the same content. Parts are twelve hexadecimal digits.
type Digest struct {
	// Requests is what is sent: methods, paths, headers, bodies, messages, with the
	// content of files, and without the values of credentials.
	Requests string `json:"requests"`
	// Client is how it is sent: protocol, timeout, connections, workers.
	Client string `json:"client"`
	// Load is the stages, without their names, with the seeds in effect.
	Load string `json:"load"`
	// Address is where it is sent.
	Address string `json:"address"`
}

// PlanDigest reports whether two plans do the same.
type PlanDigest struct {
	// Plan is of what goes for all attacks: their order and the limits.
	Plan    string
	Attacks []Digest // of the plan's attacks, in their order
}
