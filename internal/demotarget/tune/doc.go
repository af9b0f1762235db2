// Package tune names the seven tuning steps of the demo service: mistakes as
// they are found in services in the wild, and the fix for each. A step that is
// in a Set is fixed; one that is not is the mistake.
//
// The package only names them. Both forms of a step stand side by side where
// they belong; docs/adr/0012-tuning-lab.md has the reasons.
package tune
