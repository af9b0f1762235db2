//go:build !full

package distribution

// Whole reports whether this build has all components of builder-config.yaml.
const Whole = false
