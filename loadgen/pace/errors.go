package pace

import "fmt"

// KeyError is a fault in what a user wrote: the key, what is wrong there, and
// the fix.
type KeyError struct {
	Key  string // path of the key, for instance attacks[0].load[1].ramp.from
	What string // what is wrong, in lower case
	Fix  string // what to write instead
}

func (e *KeyError) Error() string {
	if e.Fix == "" {
		return fmt.Sprintf("%s: %s", e.Key, e.What)
	}
	return fmt.Sprintf("%s: %s; %s", e.Key, e.What, e.Fix)
}

// Under puts a parent's path before the key.
func (e *KeyError) Under(parent string) *KeyError {
	return &KeyError{Key: parent + "." + e.Key, What: e.What, Fix: e.Fix}
}
