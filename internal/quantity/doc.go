// Package quantity writes durations, rates, shares and sizes for people. The terminal and
// the report share it, so that a figure is the same in both, to the digit.
package quantity
