package archive

import (
	"errors"
	"io"
)

// joiner yields the rows of records, each with what the join knows of the request.
type joiner struct {
	records *merger
	joined  *merger // nil if nothing of it is wanted
	know    Request // the next of joined
	end     bool    // joined has no more
	joins   int64   // rows of records that had one
	astray  int64   // rows of joined whose record is missing
}

// next reads the next row; io.EOF is the end.
func (j *joiner) next(to *Request) error {
	if err := j.records.next(to); err != nil {
		return err
	}
	for !j.end {
		switch order := j.know.key().compare(to.key()); {
		case order > 0:
			return nil
		case order == 0:
			to.Joined = j.know.Joined
			j.joins++
			return j.more()
		default:
			j.astray++
			if err := j.more(); err != nil {
				return err
			}
		}
	}
	return nil
}

// more reads the next of what the join knows.
func (j *joiner) more() error {
	err := j.joined.next(&j.know)
	if errors.Is(err, io.EOF) {
		j.end = true
		return nil
	}
	return err
}

func (j *joiner) close() {
	j.records.close()
	if j.joined != nil {
		j.joined.close()
	}
}

// newJoiner joins the rows of two lists of files.
func newJoiner(records, joined []string, wanted map[string]bool) (*joiner, error) {
	of, err := newMerger(requestTable, records, wanted)
	if err != nil {
		return nil, err
	}
	j := &joiner{records: of, end: true}
	if len(joined) == 0 || !wantsJoined(wanted) {
		return j, nil
	}
	if wanted != nil {
		wanted["join_status"] = true
	}
	if j.joined, err = newMerger(joinedTable, joined, wanted); err != nil {
		return nil, err
	}
	j.end = false
	return j, j.more()
}

func wantsJoined(wanted map[string]bool) bool {
	if wanted == nil {
		return true
	}
	for _, c := range joinedColumns {
		if wanted[c.name] {
			return true
		}
	}
	return false
}
