package attr

import "github.com/loadtrace/loadtrace/goruntime/environment"

// EnvFingerprint is of what a process runs in, on its resource. It and the other
// attributes of an environment are defined in a package that any service may import.
const EnvFingerprint = environment.AttrFingerprint
