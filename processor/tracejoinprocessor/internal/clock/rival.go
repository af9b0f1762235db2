package clock

// rival is evidence that contradicts a track: a broken span, another clock behind
// the same name, or the same one after it was set.
type rival struct {
	at  int64 // of the latest pair, in Unix nanoseconds; 0 if there is none
	row int   // pairs in a row that agree, with none between that contradicts them
	// common is what these have in common, and reach the hull of them.
	common, reach interval
	rows          [remembersRows]interval // the latest that are over
	over          int                     // how many there were
	// recurring is the hull of rows that agree with an earlier one. The others were a
	// broken span each.
	recurring interval
}

const remembersRows = 8

// lives reports whether its evidence still counts.
func (r *rival) lives(t int64) bool {
	return r.at != 0 && max(t-r.at, r.at-t) <= int64(remembered)
}

// offsetAt returns where the offset lies at a time by any of it.
func (r *rival) offsetAt(t int64) interval {
	i := r.recurring
	if r.row > 0 {
		i = i.hull(r.reach)
	}
	return i.aged(t - r.at)
}

// agrees reports whether evidence may be of the rival's clock.
func (r *rival) agrees(e evidence) bool {
	return r.lives(e.at) && !r.offsetAt(e.at).apart(e.interval)
}

func (r *rival) add(e evidence) {
	if !r.lives(e.at) {
		*r = rival{recurring: nowhere}
	}
	if common := r.common.aged(e.at - r.at); r.row > 0 && !common.apart(e.interval) {
		r.common, r.reach = common.and(e.interval), r.reach.hull(e.interval)
		r.row++
	} else {
		r.close()
		r.common, r.reach, r.row = e.interval, e.interval, 1
		r.recur()
	}
	r.at = e.at
}

// recur notes the row that begins if it agrees with one that is over.
func (r *rival) recur() {
	for _, row := range r.rows[:min(r.over, remembersRows)] {
		if !row.aged(int64(remembered)).apart(r.reach) {
			r.recurring = r.recurring.hull(row).hull(r.reach)
		}
	}
}

// contradicted by a pair, the row is over.
func (r *rival) contradicted(by evidence) {
	if r.row > 0 && r.common.aged(by.at-r.at).apart(by.interval) {
		r.close()
	}
}

func (r *rival) close() {
	if r.row == 0 {
		return
	}
	if r.row > 1 {
		r.recurring = r.recurring.hull(r.reach)
	}
	r.rows[r.over%remembersRows] = r.reach
	r.over, r.row = r.over+1, 0
}
