package capacity

import "fmt"

// String returns the estimate in words.
func (e Estimate) String() string {
	text := e.rate()
	if e.Limited > 0 {
		text += fmt.Sprintf("; %d probes are not counted, as the generator was the limit", e.Limited)
	}
	return text
}

func (e Estimate) rate() string {
	switch {
	case e.Probes == 0:
		return "no probe says anything"
	case e.Low == 0 && e.High == 0:
		return fmt.Sprintf("%d probes do not show whether the objective is held", e.Probes)
	case e.High == 0:
		return fmt.Sprintf("at least %.4g/s: no higher rate was shown to fail", e.Low)
	case e.Low == 0:
		return fmt.Sprintf("below %.4g/s: no rate was shown to hold", e.High)
	case e.Cliff:
		return fmt.Sprintf("between %.4g/s, which holds, and %.4g/s, where %.0f times the allowed share exceed the limit: a cliff, so no rate just holds", e.Low, e.High, 1-e.After)
	}
	return fmt.Sprintf("%.4g/s (%.4g … %.4g with 95 %% confidence)", e.Rate, e.Low, e.High)
}
