package foreign

import (
	"bufio"
	"encoding/csv"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// result is a Result without its body and headers, which decoders then leave out.
type result struct {
	Attack    string        `json:"attack"`
	Seq       uint64        `json:"seq"`
	Code      uint16        `json:"code"`
	Timestamp time.Time     `json:"timestamp"`
	Latency   time.Duration `json:"latency"`
	BytesOut  uint64        `json:"bytes_out"`
	BytesIn   uint64        `json:"bytes_in"`
	Error     string        `json:"error"`
	Method    string        `json:"method"`
	URL       string        `json:"url"`
}

// request is what a result says. A status means that the whole response came: vegeta sets
// it after the last byte of the body, and gives bad ones an error of the status's words.
func (r *result) request(q *Request) error {
	*q = Request{
		Attack: r.Attack, Seq: r.Seq, Sent: r.Timestamp, Took: r.Latency, Method: r.Method, URL: r.URL,
		Answered: r.Code > 0, Status: int(r.Code),
		BytesSent: size(r.BytesOut), BytesReceived: size(r.BytesIn),
	}
	if !q.Answered {
		q.Error, q.ErrorText = kindOf(r.Error), r.Error
	}
	if r.Code > 999 {
		return fmt.Errorf("its status %d has more than three digits", r.Code)
	}
	return q.check()
}

// size is -1 for a number that no request has.
func size(n uint64) int64 {
	if n > math.MaxInt64 {
		return -1
	}
	return int64(n)
}

// vegetaResults calls f with all requests of a file of vegeta's.
func vegetaResults(r io.Reader, e Encoding, f func(*Request) error) error {
	limit := &allowance{Reader: r}
	limit.renew()
	decode := vegetaDecoder(limit, e)
	var q Request
	for n := uint64(0); ; n++ {
		limit.renew()
		var one result
		err := decode(&one)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = one.request(&q)
		}
		if err != nil {
			return fault(n, err)
		}
		if err := f(&q); err != nil {
			return err
		}
	}
}

// vegetaDecoder returns a function that reads the next result, or gives io.EOF.
func vegetaDecoder(r *allowance, e Encoding) func(*result) error {
	switch e {
	case Gob:
		dec := gob.NewDecoder(r)
		return func(one *result) error { return dec.Decode(one) }
	case CSV:
		dec := csv.NewReader(r)
		dec.FieldsPerRecord = 12
		dec.TrimLeadingSpace = true
		dec.ReuseRecord = true
		return func(one *result) error { return readColumns(dec, one) }
	}
	lines := bufio.NewReader(r)
	return func(one *result) error { return readLine(lines, one) }
}

// readLine reads a line of JSON. Subtle: the line that a killed vegeta left unfinished is
// one without its end, which its own commands leave out without a word.
func readLine(lines *bufio.Reader, one *result) error {
	line, err := lines.ReadBytes('\n')
	ended := err == nil
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return err
	}
	if err := json.Unmarshal(line, one); err != nil {
		if !ended {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

func readColumns(dec *csv.Reader, one *result) error {
	rec, err := dec.Read()
	if err != nil {
		if short(err, rec) {
			if _, err := dec.Read(); errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
		}
		return err
	}
	numbers := [5]uint64{}
	for i, n := range []struct {
		column, bits int
		what         string
	}{{0, 63, "timestamp"}, {1, 16, "status"}, {3, 64, "bytes sent"}, {4, 64, "bytes received"}, {8, 64, "sequence number"}} {
		if numbers[i], err = strconv.ParseUint(rec[n.column], 10, n.bits); err != nil {
			return fmt.Errorf("column %d, its %s, is no whole number of up to %d bits", n.column+1, n.what, n.bits)
		}
	}
	latency, err := strconv.ParseInt(rec[2], 10, 64)
	if err != nil {
		return errors.New("column 3, its latency, is no whole number of nanoseconds")
	}
	*one = result{
		Timestamp: time.Unix(0, int64(numbers[0])), Code: uint16(numbers[1]), Latency: time.Duration(latency),
		BytesOut: numbers[2], BytesIn: numbers[3], Error: rec[5], Attack: rec[7], Seq: numbers[4],
		Method: rec[9], URL: rec[10],
	}
	return nil
}

// short reports whether a record has too few columns, or a text that does not end: as the
// last one of a file that was cut.
func short(err error, rec []string) bool {
	return errors.Is(err, csv.ErrFieldCount) && len(rec) < 12 || errors.Is(err, csv.ErrQuote)
}
