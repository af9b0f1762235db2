package diagnosis

import "fmt"

// leastStarved is the part of the server's time that its goroutines wait for a processor,
// from which on an instance is starved.
const leastStarved = 0.1

// starved is how long the goroutines of an instance wait for a processor per request, in
// seconds, and whether that is a good part of the server's time. Then locks are held by
// goroutines that do not run, and what the runtime estimates of its processor time counts
// processors that others had.
func (e *Evidence) starved(instance int) (wait float64, yes bool) {
	waited, requests, _, ok := e.rise(e.Instances[instance].Series[SchedWait])
	work := e.meanWork()
	if requests *= e.part(instance); !ok || requests < 1 || work == 0 {
		return 0, false
	}
	wait = waited / requests
	return wait, wait >= leastStarved*work
}

// hungry says which instances are starved, a sentence each.
func (e *Evidence) hungry() (sentences []string) {
	for i := range e.Instances {
		if wait, yes := e.starved(i); yes {
			sentences = append(sentences, fmt.Sprintf(
				"Goroutines of %s waited %s for a processor per request, %s of the server's time: locks and garbage collection are judged with reserve; give it processors that nothing else uses.",
				e.Instances[i].name(), seconds(wait), percent(min(wait/e.meanWork(), 1))))
		}
	}
	return sentences
}
