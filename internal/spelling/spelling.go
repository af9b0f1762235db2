// Package spelling finds the word that a mistyped one was meant for.
package spelling

import "strings"

// Nearest is the known word that a mistyped one may have been meant for: within two
// edits, or one for a short word. Case does not count in the word. ok is false if there
// is none.
func Nearest(word string, known []string) (near string, ok bool) {
	distance := min(3, len(word)/2+1)
	for _, k := range known {
		if len(word) > 2*len(k) {
			continue
		}
		if d := edits(strings.ToLower(word), k); d < distance {
			near, distance = k, d
		}
	}
	return near, near != ""
}

// edits is the distance of two words in bytes that are added, removed, changed, or change
// places with their neighbour (optimal string alignment).
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
