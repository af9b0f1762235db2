package judge

import "math"

// Share is how many of all values lie beyond a limit, as a share.
type Share struct {
	Share       float64 `json:"share"`
	Error       float64 `json:"error"`       // standard error
	Sections    int     `json:"sections"`    // that the error is from
	Correlation float64 `json:"correlation"` // of neighbouring sections
}

// mostCorrelation bounds the correlation that widens an error, to the factor of 4.4.
const mostCorrelation = 0.9

// ShareBeyond returns the share of values above a limit, with an error that holds for
// dependent latencies: SectionOf has the method and its sources. Unlike a quantile, the
// share has no bias, however short the run. ok is false with fewer than MinBatches batches,
// or if a section is empty.
func ShareBeyond(batches []Batch, limit float64) (s Share, ok bool) {
	if len(batches) < MinBatches {
		return s, false
	}
	counts := make([]counted, len(batches))
	for i, b := range batches {
		counts[i] = counted{float64(b.Count()), float64(b.above(limit))}
	}
	for length := (len(batches) + mostBatches - 1) / mostBatches; ; length++ {
		shares, ok := sectionShares(counts, length)
		if !ok {
			return s, false
		}
		s.Sections, s.Correlation = len(shares), neighbourCorrelation(shares)
		if s.suspicious() && len(batches)/(length+1) >= MinBatches {
			continue
		}
		s.Share, s.Error = wholeShare(counts), s.errorOf(shares)
		return s, true
	}
}

// suspicious reports whether longer sections are worth trying: there would be so much
// correlation by chance in one of five cases.
func (s *Share) suspicious() bool {
	n := float64(s.Sections)
	return s.Correlation > suspicion*math.Sqrt((n-2)/(n*n-1))
}

func (s *Share) errorOf(shares []float64) float64 {
	_, squares := moments(shares)
	n, phi := float64(len(shares)), min(max(s.Correlation, 0), mostCorrelation)
	return math.Sqrt(squares / (n - 1) / n * (1 + phi) / (1 - phi))
}

// counted are the values of a stretch of time, and those beyond the limit.
type counted struct{ all, beyond float64 }

func (c *counted) add(o counted) { c.all, c.beyond = c.all+o.all, c.beyond+o.beyond }

func wholeShare(batches []counted) float64 {
	var sum counted
	for _, b := range batches {
		sum.add(b)
	}
	return sum.beyond / sum.all
}

// sectionShares returns the shares beyond the limit in sections of so many batches. The
// first batches that are left over are in none.
func sectionShares(batches []counted, length int) (shares []float64, ok bool) {
	for rest := batches[len(batches)%length:]; len(rest) > 0; rest = rest[length:] {
		var sum counted
		for _, b := range rest[:length] {
			sum.add(b)
		}
		if sum.all == 0 {
			return nil, false
		}
		shares = append(shares, sum.beyond/sum.all)
	}
	return shares, true
}

// neighbourCorrelation is 1 − C/2 with von Neumann's ratio C, whose variance is
// 4(n−2)/(n²−1) for independent values. Values that are all the same have none.
func neighbourCorrelation(values []float64) float64 {
	_, squares := moments(values)
	if squares == 0 {
		return 0
	}
	steps := 0.0
	for i := 1; i < len(values); i++ {
		d := values[i] - values[i-1]
		steps += d * d
	}
	return 1 - steps/squares/2
}
