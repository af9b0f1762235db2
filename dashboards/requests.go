package dashboards

import "fmt"

// requestsDefinition leads to single requests: each row is a trace.
func requestsDefinition() definition {
	return definition{
		uid: "loadtrace-requests", title: "Loadtrace / Requests",
		about: "The slow and the failed requests of a run, each of which opens as a trace, and what the target logged of them.",
		variables: []variable{
			runs("run", "Run", ""), attacks("$run"),
			{
				name: "slow", title: "Slow from", about: "Service time from which a request is listed as slow.",
				options: []string{"1ms", "5ms", "10ms", "25ms", "50ms", "100ms", "250ms", "500ms", "1s", "5s"}, chosen: "10ms",
			},
			{
				name: "error", title: "Error", about: "Kind of failure to list: the reason why there was no answer, or its code.",
				query: fmt.Sprintf("label_values(%s, %s)", of(requests, not(errorType, "")), errorType), empty: noFailures,
			},
			services(),
		},
		events: runEvents("$run"),
		sections: []section{
			{"Requests of the run", requestsOverview()},
			{"Traces", requestsTraces()},
			{"What the target logged", requestsLogs()},
		},
	}
}

func requestsOverview() []panel {
	return []panel{
		{
			kind: curves, title: "Response time, each point a trace", unit: "s", w: 16, h: 10,
			about: "The points are requests: half of them the slowest of an interval, the others a sample of the rest. Each opens as a trace.",
			queries: []query{
				prom(quantile(0.5, sum(rate(of(responseTime)))), "p50").at(exemplary),
				prom(quantile(0.99, sum(rate(of(responseTime)))), "p99").at(exemplary),
			},
			limits: over(0.25, 1),
			look:   look{logs: true, colours: map[string]string{"p50": colourP50, "p99": colourP99}},
		},
		{
			kind: bars, title: "Failures by kind", unit: "short", w: 8, h: 10,
			about:   "Requests of the whole run that failed or ended with an error status.",
			queries: []query{prom(sum(total(of(requests, not(errorType, ""))), errorType), "{{"+errorType+"}}").mayBeEmpty(noFailures)},
			limits:  over(1, 1),
		},
	}
}

func requestsTraces() []panel {
	tag := func(name, value string) string { return name + "=" + value }
	return sized(14,
		panel{
			kind: table, title: "Slow requests", unit: "µs",
			about:   "Traces of the run with a span at least as long as chosen, up to a hundred. Click on one to open it.",
			queries: []query{traces(search{tags: []string{tag("loadgen.run.id", "$run")}, slowest: "$slow"})},
		},
		panel{
			kind: table, title: "Failed requests: $error", unit: "µs",
			about:   "Traces of the run with the chosen kind of failure, up to a hundred. Click on one to open it.",
			queries: []query{traces(search{tags: []string{tag("loadgen.run.id", "$run"), tag("error.type", "$error")}}).mayBeEmpty(noFailures)},
		},
	)
}

func requestsLogs() []panel {
	// Trace ids of one run have its id as their first half.
	of := fmt.Sprintf(`{%s} | trace_id=~"$run.+"`, is(serviceName, "$service"))
	return []panel{
		{
			kind: curves, title: "Lines by severity", unit: "short", w: 8, h: 10,
			about:   "Log lines that requests of the run wrote, by severity.",
			queries: []query{{from: Loki, expr: "sum by (detected_level) (count_over_time(" + of + " [$__auto]))", legend: "{{detected_level}}"}},
			look: look{stacked: true, colours: map[string]string{
				"info": colourDone, "warn": colourWarn, "error": colourBad, "debug": colourWanted,
			}},
		},
		{
			kind: log, title: "Lines of the run's requests", w: 16, h: 10,
			about:   "Click on a line, then on its trace, to see the request that wrote it.",
			queries: []query{lines(of)},
		},
	}
}
