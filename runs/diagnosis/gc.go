package diagnosis

import (
	"fmt"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What pressure is at least.
const (
	leastGCShare = 0.25 // of the processor time of the process
	sureGCShare  = 0.4  // of a service whose requests allocate little
	leastExcess  = 0.25 // of the slow requests, that meet a cycle beyond chance
)

// collections finds a garbage collector that takes a good part of the processor time, or
// whose cycles make requests slow.
func (e *Evidence) collections() []summary.Finding {
	for i := range e.Instances {
		share, known := e.gcShare(i)
		o, tested := e.overlaps(i)
		switch {
		case known && share >= leastGCShare && e.allocates(i, share):
			return []summary.Finding{e.pressure(i, share, o, tested)}
		case tested && o.low >= leastExcess && o.p < 0.01:
			return []summary.Finding{e.associated(i, share, known, o)}
		}
	}
	return nil
}

// allocates reports whether the share of the collector can be believed. The runtime counts
// processors that it has, also where others run on them. So a request must allocate much,
// or the share be large, of an instance that is not starved.
func (e *Evidence) allocates(instance int, share float64) bool {
	_, starved := e.starved(instance)
	bytes, _, ok := e.perRequest(instance)
	return ok && bytes >= muchAllocated || !starved && share >= sureGCShare
}

// muchAllocated is bytes per request, of which a heap of 4 MiB, the smallest that Go
// lets grow before it collects, is full after some thirty requests.
const muchAllocated = 128 << 10

// gcShare is the part of the processor time that goes to the garbage collector.
func (e *Evidence) gcShare(instance int) (float64, bool) {
	of := &e.Instances[instance]
	gc, requests, _, ok1 := e.rise(of.Series[CPUGC])
	all, _, _, ok2 := e.rise(of.Series[CPUTotal])
	if !ok1 || !ok2 || all <= 0 || requests < fewRequests {
		return 0, false
	}
	return min(gc/all, 1), true
}

func (e *Evidence) pressure(instance int, share float64, o overlap, tested bool) summary.Finding {
	of := &e.Instances[instance]
	sentence := fmt.Sprintf("The garbage collector takes %s of the processor time of %s", percent(share), of.name())
	if bytes, objects, ok := e.perRequest(instance); ok {
		sentence += fmt.Sprintf(": a request allocates %s in %s objects", size(bytes), number(objects))
	}
	if site, ok := e.allocator(); ok {
		frame, _ := site.Stack.Blocked()
		sentence += fmt.Sprintf(", %s of it in %s", percent(site.Share), frame)
	}
	f := gcFinding(sentence)
	f.Basis, f.Cost, f.Confidence = summary.BasisMeasured, share, gcConfidence(share)
	f.Evidence = e.gcEvidence(instance, share, true)
	if tested {
		f.Evidence = append(f.Evidence, o.evidence())
	}
	return f
}

func gcConfidence(share float64) float64 {
	if share >= 0.4 {
		return 0.97
	}
	return 0.9
}

func (e *Evidence) associated(instance int, share float64, known bool, o overlap) summary.Finding {
	f := gcFinding(fmt.Sprintf("%s of the slowest requests meet a GC cycle, %s would by chance: an association",
		percent(o.slow), percent(o.chance)))
	f.Basis, f.Cost, f.Confidence = summary.BasisAssociation, o.excess, min(1-o.p, 0.8)
	f.Evidence = append([]summary.FindingEvidence{o.evidence()}, e.gcEvidence(instance, share, known)...)
	return f
}

func gcFinding(sentence string) summary.Finding {
	return summary.Finding{
		Kind: summary.FindingGCPressure, Sentence: sentence,
		Try: []string{
			"Allocate less per request where the heap profile points: keep a copy, reuse buffers, pass pointers.",
			"Try GOGC=400, or GOGC=off with GOMEMLIMIT below the container's limit, and compare runs.",
		},
		Refute: []string{
			"With GOGC=400 the slow requests are as slow as before.",
			"A CPU profile shows less time in runtime.gcBgMarkWorker and runtime.gcAssistAlloc than stated here.",
		},
	}
}

// gcEvidence is the facts of an instance's collector.
func (e *Evidence) gcEvidence(instance int, share float64, known bool) (facts []summary.FindingEvidence) {
	of := &e.Instances[instance]
	if known {
		facts = append(facts, summary.FindingEvidence{
			Source: "runtime_metrics", Value: &share, Unit: "1",
			Text: fmt.Sprintf("Marking, assists and pauses of the collector take %s of the processor time of %s; marking on idle processors is not counted.", percent(share), of.name()),
		})
	}
	if cycles, _, over, ok := e.rise(of.Series[GCCycles]); ok {
		rate := cycles / over.Seconds()
		facts = append(facts, summary.FindingEvidence{
			Source: "runtime_metrics", Value: &rate, Unit: "{gc_cycle}/s",
			Text: fmt.Sprintf("%s GC cycles a second under load.", number(rate)),
		})
	}
	if bytes, objects, ok := e.perRequest(instance); ok {
		facts = append(facts, summary.FindingEvidence{
			Source: "runtime_metrics", Value: &bytes, Unit: "By/{request}",
			Text: fmt.Sprintf("%s and %s objects are allocated per request.", size(bytes), number(objects)),
		})
	}
	if site, ok := e.allocator(); ok {
		frame, _ := site.Stack.Blocked()
		facts = append(facts, summary.FindingEvidence{
			Source: "heap_profile", Value: &site.Share, Unit: "1", Stack: site.Stack.lines(),
			Text: fmt.Sprintf("%s of the bytes allocated in the run are allocated in %s.", percent(site.Share), frame),
		})
	}
	return facts
}

// perRequest is bytes and objects that an instance allocates per request that it answers.
func (e *Evidence) perRequest(instance int) (bytes, objects float64, ok bool) {
	of := &e.Instances[instance]
	b, requests, _, ok1 := e.rise(of.Series[AllocatedBytes])
	o, _, _, ok2 := e.rise(of.Series[AllocatedObjects])
	if requests *= e.part(instance); !ok1 || !ok2 || requests < 1 {
		return 0, 0, false
	}
	return b / requests, o / requests, true
}

// allocator is the place that allocates most, if it is worth a name.
func (e *Evidence) allocator() (Site, bool) {
	if e.Allocations == nil || len(e.Allocations.Sites) == 0 || e.Allocations.Sites[0].Share < 0.2 {
		return Site{}, false
	}
	return e.Allocations.Sites[0], true
}

func (o *overlap) evidence() summary.FindingEvidence {
	word := "An association, not a cause."
	if o.p >= 0.05 {
		word = "That is no more than chance."
	}
	return summary.FindingEvidence{
		Source: "gc_events", Value: &o.excess, Low: &o.low, High: &o.high, Unit: "1", TraceIDs: o.traces,
		Text: fmt.Sprintf("%s of the %d slowest requests meet a GC cycle, %s of all; with the cycles at other times it would be %s (%d placebos, p = %.2g). %s",
			percent(o.slow), o.n, percent(o.all), percent(o.chance), placebos, o.p, word),
	}
}
