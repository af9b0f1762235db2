package archive

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Retention says which archives are kept. Zero values are no limits.
type Retention struct {
	MaxAge   time.Duration // since the run began
	MaxBytes int64         // of all archives together
}

// DefaultRetention is 30 days and 2 GiB.
func DefaultRetention() Retention { return Retention{MaxAge: 30 * 24 * time.Hour, MaxBytes: 2 << 30} }

// busy is for how long after its last write an archive that is not complete is taken for
// one that is still written to.
const busy = time.Hour

// Expired are the archives of a list, the latest first, that a retention does not keep.
// Those that cannot be read, or may still be written to, are never among them, and for
// their size neither is the latest.
func (r Retention) Expired(entries []Entry, now time.Time) (expired []Entry) {
	var kept int64
	for i, e := range entries {
		switch {
		case e.Err != nil, !e.Info.Complete && now.Sub(e.Changed) < busy:
		case r.MaxAge > 0 && now.Sub(e.Info.Began) > r.MaxAge,
			r.MaxBytes > 0 && i > 0 && kept+e.Size > r.MaxBytes:
			expired = append(expired, e)
			continue
		}
		kept += e.Size
	}
	return expired
}

// Prune removes the archives of a folder that a retention does not keep, and returns those.
func Prune(root string, r Retention, now time.Time) (removed []Entry, err error) {
	entries, err := List(root)
	if err != nil {
		return nil, err
	}
	for _, e := range r.Expired(entries, now) {
		if fault := Remove(e.Dir); fault != nil {
			err = errors.Join(err, fault)
			continue
		}
		removed = append(removed, e)
	}
	return removed, err
}

// Remove removes an archive, and nothing that is none.
func Remove(dir string) error {
	if _, err := Open(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the archive %s: %w", dir, err)
	}
	return nil
}

// Amend changes what run.json of an archive says that nobody writes to any more.
func Amend(dir string, change func(*Info)) error {
	run, err := Open(dir)
	if err != nil {
		return err
	}
	change(run.info)
	if err := writeInfo(dir, run.info); err != nil {
		return fmt.Errorf("amend the archive %s: %w", dir, err)
	}
	return nil
}
