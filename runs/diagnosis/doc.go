// Package diagnosis names causes: from what a run left, and what was seen of its target
// meanwhile, to findings. docs/diagnosis.md says what each kind of finding rests on.
//
// It is pure. Evidence is values, Examine is a function of them, and chance enters as a
// seed. It reads no file, asks no target and knows nothing of the collector: others
// gather the evidence, and package goprofile reads profiles.
//
// A detector names a cause only if its own evidence shows it. What could not be judged is
// in the Diagnosis, so that silence is not taken for health.
package diagnosis
