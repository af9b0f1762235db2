package archive

import (
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// work writes segments until stop.
func (w *Writer) work() {
	defer close(w.ended)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-w.wake:
			w.write(false)
		case <-tick.C:
			w.write(true)
		case done := <-w.asked:
			w.write(true)
			close(done)
		case <-w.stop:
			w.write(true)
			return
		}
	}
}

// write makes segments of what waits, or of that of which there is enough for one.
func (w *Writer) write(all bool) {
	w.disk.Lock()
	defer w.disk.Unlock()
	sh := &w.shelf
	empty(w.records, all, func(chunks [][]loadgen.Record, n int) {
		sh.records.add(n, func(to *rowWriter[Request]) error { return w.writeRecords(to, chunks, n) })
	})
	empty(w.joined, all, func(chunks [][]Request, n int) {
		sh.joined.add(n, func(to *rowWriter[Request]) error { return sh.writeJoined(to, chunks) })
	})
	empty(w.samples, all, func(chunks [][]Sample, n int) { sh.samples.add(n, inOrder(chunks)) })
	empty(w.lines, all, func(chunks [][]Line, n int) { sh.lines.add(n, inOrder(chunks)) })
}

// empty makes segments of what waits in an intake.
func empty[T any](in *intake[T], all bool, segment func(chunks [][]T, n int)) {
	least := in.enough
	if all {
		least = 1
	}
	for {
		chunks := in.take(least, in.enough)
		if len(chunks) == 0 {
			return
		}
		n := 0
		for _, chunk := range chunks {
			n += len(chunk)
		}
		segment(chunks, n)
		in.done(chunks)
	}
}

func inOrder[T any](chunks [][]T) func(*rowWriter[T]) error {
	return func(to *rowWriter[T]) error {
		for _, chunk := range chunks {
			if err := to.write(chunk); err != nil {
				return err
			}
		}
		return nil
	}
}

// writeRecords writes n records in the order of their keys, those of each attack as a row
// group of its own: what a reader looks for by key is then in few.
func (w *Writer) writeRecords(to *rowWriter[Request], chunks [][]loadgen.Record, n int) error {
	sh := &w.shelf
	at := func(i int32) *loadgen.Record { return &chunks[i/chunkItems][i%chunkItems] }
	return sh.sorted(to, n, func(i int32) key { r := at(i); return key{r.Attack, r.Seq} },
		func(row *Request, i int32) { w.filler.fill(row, at(i)) })
}

func (sh *shelves) writeJoined(to *rowWriter[Request], chunks [][]Request) error {
	n := 0
	for _, chunk := range chunks {
		n += len(chunk)
	}
	at := func(i int32) *Request { return &chunks[i/chunkItems][i%chunkItems] }
	return sh.sorted(to, n, func(i int32) key { return at(i).key() },
		func(row *Request, i int32) { *row = *at(i) })
}

// sorted writes n rows, each filled from the item of a number, in the order of their keys.
func (sh *shelves) sorted(to *rowWriter[Request], n int, of func(int32) key, fill func(*Request, int32)) error {
	sh.order = sh.order[:0]
	for i := range n {
		sh.order = append(sh.order, int32(i))
	}
	slices.SortFunc(sh.order, func(a, b int32) int { return of(a).compare(of(b)) })
	if sh.rows == nil {
		sh.rows = make([]Request, 0, writeBatch)
	}
	defer func() { clear(sh.rows[:cap(sh.rows)]) }() // which hold texts
	for from := 0; from < n; {
		attack := of(sh.order[from]).attack
		sh.rows = sh.rows[:0]
		for from < n && len(sh.rows) < cap(sh.rows) && of(sh.order[from]).attack == attack {
			sh.rows = append(sh.rows, Request{})
			fill(&sh.rows[len(sh.rows)-1], sh.order[from])
			from++
		}
		if err := to.write(sh.rows); err != nil {
			return err
		}
		if from < n && of(sh.order[from]).attack != attack {
			if err := to.group(); err != nil {
				return err
			}
		}
	}
	return nil
}
