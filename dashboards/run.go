package dashboards

import "fmt"

// run is what a run was told to do, what it did, and what the target made of it.
func run() definition {
	return definition{
		uid: "loadtrace-run", title: "Loadtrace / Run",
		about:     "One run: the load that was wanted and sent, latencies with traces behind their points, failures, and whether the measurement can be trusted.",
		variables: []variable{runs("run", "Run", ""), attacks("$run")},
		events:    runEvents("$run"),
		sections: []section{
			{"Result", runResult()},
			{"Load and latency", append(runLoad(), runLatency()...)},
			{"Failures", runFailures()},
			{"The generator", runGenerator()},
			{"Where the time goes", runParts()},
			{"Streams and bodies", runStreams()},
			{"Events", []panel{runLog()}},
		},
	}
}

// ofRun are the matchers of the chosen run and attacks.
func ofRun() []string { return []string{is(runID, "$run"), is(attackName, "$attack")} }

// of the chosen run: a metric's series.
func of(metric string, more ...string) string { return selector(metric, append(ofRun(), more...)...) }

func wasSent() string { return not(outcome, "not_sent") }

const (
	noFailures = "no request of the run failed"
	noUnsent   = "every planned request was sent"
	noStreams  = "no attack of the run calls a streaming method"
)

func runResult() []panel {
	verdictLine := fmt.Sprintf(`sum by (%s) (count_over_time({%s="loadtrace"} | %s | %s!="" [$__range]))`,
		verdict, serviceName, is(runID, "$run"), verdict)
	colours := map[string]string{"pass": colourGood, "sound": colourGood, "fail": colourBad, "undecided": colourWarn}
	return sized(4,
		panel{
			kind: figure, title: "Verdict", unit: "none", w: 4,
			about:   "The verdict at the end of the run. Undecided: the measurement itself cannot be trusted; the event at the end of the run gives the reason. Sound: there were no thresholds. A dash: the run is not over.",
			queries: []query{{from: Loki, expr: verdictLine, legend: "{{" + verdict + "}}"}},
			look:    look{names: true, colours: colours},
		},
		panel{
			kind: figure, title: "Requests", unit: "short", w: 8,
			about: "Planned requests, and how they ended. The three add up to the plan at the end of the run.",
			queries: []query{
				prom(sum(total(of(planned))), "planned"),
				prom(sum(total(of(requests, is(outcome, "finished")))), "finished"),
				prom(sum(total(of(requests, is(outcome, "failed"))))+" or vector(0)", "failed"),
				prom(sum(total(of(requests, is(outcome, "not_sent"))))+" or vector(0)", "not sent"),
			},
			look: look{colours: map[string]string{"planned": "text", "finished": colourDone, "failed": colourBad, "not sent": colourWarn}},
		},
		panel{
			kind: figure, title: "Error ratio", unit: "percentunit", w: 3,
			about:   "Share of the requests sent that failed or ended with an error status, over the whole run.",
			queries: []query{prom(errorRatio(total), "errors")},
			limits:  over(0.001, 0.01),
		},
		panel{
			kind: figure, title: "Response time p99", unit: "s", w: 3,
			about:   "99 of 100 requests of the run were answered within this, counted from when the schedule wanted them sent.",
			queries: []query{prom(quantile(0.99, sum(total(of(responseTime)))), "p99")},
			limits:  over(0.25, 1),
		},
		panel{
			kind: figure, title: "Schedule lag p99", unit: "s", w: 3,
			about:   "How late the generator sent. Beyond 10 ms, by default, a run is undecided: it measured the generator too.",
			queries: []query{prom(quantile(0.99, sum(total(of(scheduleLag)))), "p99").mayBeEmpty("a closed loop has no schedule")},
			limits:  over(0.005, 0.01),
		},
		panel{
			kind: figure, title: "Spans per request", unit: "short", w: 3,
			about:   "1, or the share that the plan samples. Less means that telemetry was lost, which makes the run undecided.",
			queries: []query{prom("min("+total(selector(spansPer, is(runID, "$run")))+")", "spans")},
			limits:  under(1, 0.999),
		},
	)
}

// errorRatio of the chosen run over what a function makes of its counters.
func errorRatio(over func(string) string) string {
	return fmt.Sprintf("(%s or vector(0)) / %s",
		sum(over(of(requests, wasError()))), sum(over(of(requests, wasSent()))))
}

func runLoad() []panel {
	return sized(9,
		panel{
			kind: curves, title: "Rate", unit: "reqps",
			about: "Requests per second: planned by the schedule, sent, and failed. A gap between planned and sent is caused by the generator, not by the target.",
			queries: []query{
				prom(sum(now(of(rateWanted))), "wanted"),
				prom(sum(rate(of(requests, wasSent()))), "sent"),
				prom(sum(rate(of(requests, wasError()))), "errors").mayBeEmpty(noFailures),
			},
			look: look{dashed: "wanted", colours: map[string]string{"wanted": colourWanted, "sent": colourDone, "errors": colourBad}},
		},
		panel{
			kind: heatmap, title: "Response time", unit: "s",
			about:   "Every request by its response time. The points are exemplars: each opens the trace of that request, from the join's wait (6 s) on.",
			queries: []query{prom(sum(rate(of(responseTime))), "requests")},
		},
	)
}

func runLatency() []panel {
	quantiles := func(q float64) query {
		return prom(quantile(q, sum(rate(of(responseTime)))), fmt.Sprintf("p%v", q*100)).at(exemplary)
	}
	either := func(over func(string) string) string { return over(of(httpTime)) + " or " + over(of(callTime)) }
	return sized(9,
		panel{
			kind: curves, title: "Response time percentiles", unit: "s",
			about:   "From the intended time of a request to the last byte of its answer, so that a stalled target cannot hide how long its users would have waited. The points open traces.",
			queries: []query{quantiles(0.5), quantiles(0.9), quantiles(0.99), quantiles(0.999)},
			limits:  over(0.25, 1),
			look: look{logs: true, colours: map[string]string{
				"p50": colourP50, "p90": colourP90, "p99": colourP99, "p99.9": colourP999,
			}},
		},
		panel{
			kind: curves, title: "Service time and response time, p99", unit: "s",
			about: "Service time counts from when a request was really sent. Where the two differ, requests waited in the generator.",
			queries: []query{
				prom(quantile(0.99, sum(rate(of(responseTime)))), "response"),
				prom(quantile(0.99, sum(either(rate))), "service"),
			},
			look: look{logs: true, colours: map[string]string{"response": colourResponse, "service": colourService}},
		},
		panel{
			kind: bars, title: "Service time p99 by attack", unit: "s",
			about:   "From sending a request or a call to its end, over the whole run. It shows which attack is slow.",
			queries: []query{prom(quantile(0.99, sum(either(total), attackName)), "{{"+attackName+"}}")},
		},
	)
}

func runFailures() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Errors by kind", unit: "reqps",
			about:   "Requests without an answer, by reason, and error statuses, by code.",
			queries: []query{prom(sum(rate(of(requests, not(errorType, ""))), errorType), "{{"+errorType+"}}").mayBeEmpty(noFailures)},
			look:    look{stacked: true},
		},
		panel{
			kind: curves, title: "Answers by code", unit: "reqps",
			about: "Requests per second by HTTP status or gRPC code.",
			queries: []query{
				prom(sum(rate(of(requests, not(httpStatus, ""))), httpStatus), "{{"+httpStatus+"}}").mayBeEmpty("no attack of the run speaks HTTP"),
				prom(sum(rate(of(requests, not(rpcStatus, ""))), rpcStatus), "{{"+rpcStatus+"}}").mayBeEmpty("no attack of the run speaks gRPC"),
			},
			look: look{stacked: true, colours: map[string]string{"2..": colourGood, "OK": colourGood, "4..": colourWarn, "5..": colourBad}},
		},
		panel{
			kind: curves, title: "Not sent", unit: "reqps",
			about:   "Planned requests that were never sent, by reason. They are separate from failures, because the target never saw them.",
			queries: []query{prom(sum(rate(of(requests, is(outcome, "not_sent"))), notSent), "{{"+notSent+"}}").mayBeEmpty(noUnsent)},
			look:    look{stacked: true, colours: map[string]string{"late": colourWarn, "stopped": colourWanted, "error": colourBad}},
		},
	)
}

func runGenerator() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Schedule lag", unit: "s",
			about: "How long after its intended time a request was sent. It is the generator's own error, and part of the response time.",
			queries: []query{
				prom(quantile(0.5, sum(rate(of(scheduleLag)))), "lag p50").mayBeEmpty("a closed loop has no schedule"),
				prom(quantile(0.99, sum(rate(of(scheduleLag)))), "lag p99").mayBeEmpty("a closed loop has no schedule"),
			},
			limits: over(0.005, 0.01),
			look:   look{logs: true, colours: map[string]string{"lag p50": colourWarn, "lag p99": colourLag}},
		},
		panel{
			kind: curves, title: "In flight", unit: "short",
			about:   "Requests that were sent and have not ended, by attack. In an open loop it grows with the target's latency.",
			queries: []query{prom(sum(now(of(inFlight)), attackName), "{{"+attackName+"}}")},
		},
		panel{
			kind: curves, title: "Connections", unit: "cps",
			about:   "Connections that were opened per second, and uses of one that was open. New ones cost a handshake, which is in the service time.",
			queries: []query{prom(sum(rate(of(connections)), connState), "{{"+connState+"}}")},
			look:    look{colours: map[string]string{"new": colourWarn, "reused": colourGood}},
		},
	)
}

func runParts() []panel {
	// mean divides by what was counted as the components were: the join has only the
	// requests that have a span.
	mean := func(metric, by, whole string) string {
		count := sum(fmt.Sprintf("histogram_count(%s)", rate(of(whole))))
		return fmt.Sprintf("%s / on () group_left () %s", sum("histogram_sum("+rate(of(metric))+")", by), count)
	}
	return sized(9,
		panel{
			kind: curves, title: "Mean request by phase", unit: "s",
			about:   "The phases of a request as the generator sees them, from the connection to the last byte. The target's time is in wait.",
			queries: []query{prom(mean(phaseTime, phase, responseTime), "{{"+phase+"}}")},
			look:    look{stacked: true},
		},
		panel{
			kind: curves, title: "Mean response time by component, joined", unit: "s",
			about:   "The ledger of joined requests: the server's own work, the network, and what the generator saw. The components sum to the response time. Points come after the join's wait.",
			queries: []query{prom(mean(joinLedger, ledgerComponent, joinResponse), "{{"+ledgerComponent+"}}")},
			look:    look{stacked: true},
		},
	)
}

func runStreams() []panel {
	return sized(7,
		panel{
			kind: curves, title: "First message of a stream, p99", unit: "s",
			about:   "From sending a call to the first message received.",
			queries: []query{prom(quantile(0.99, sum(rate(of(firstMessage)), attackName)), "{{"+attackName+"}}").mayBeEmpty(noStreams)},
		},
		panel{
			kind: curves, title: "Gap between messages, p99", unit: "s",
			about:   "Between two messages received of one call.",
			queries: []query{prom(quantile(0.99, sum(rate(of(messageGap)), attackName)), "{{"+attackName+"}}").mayBeEmpty(noStreams)},
		},
		panel{
			kind: curves, title: "Bodies", unit: "Bps",
			about:   "Bytes of bodies and messages, by direction as the generator sees it.",
			queries: []query{prom(sum(rate(of(bodies)), direction), "{{"+direction+"}}")},
		},
	)
}

func runLog() panel {
	return panel{
		kind: log, title: "Events of the run", w: 24, h: 8,
		about:   "Events of the run: its beginning, attacks, stages, changes of speed, and at the end the summary and the verdict with its reasons.",
		queries: []query{lines(fmt.Sprintf(`{%s="loadtrace"} | %s | drop %s, %s`, serviceName, is(runID, "$run"), plan, summary))},
	}
}
