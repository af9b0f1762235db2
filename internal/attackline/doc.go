// Package attackline turns one attack, given as arguments and flags of a command line,
// into a plan: its source as YAML, which can be kept as a file, and the plan itself, read
// and checked as any plan is. Faults name the flag, what is wrong and the fix.
//
// It runs nothing, and knows nothing of terminals.
package attackline
