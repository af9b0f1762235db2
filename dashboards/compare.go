package dashboards

import "fmt"

// compare puts two runs side by side. They were at different times, so what is
// compared over the whole run does not depend on when it was.
func compare() definition {
	return definition{
		uid: "loadtrace-compare", title: "Loadtrace / Compare",
		about: "Two runs side by side: the baseline on the left, the run on the right. Choose a time range that has both.",
		variables: []variable{
			runs("run", "Run", ""),
			baseline(),
			attacks("$run"),
		},
		events: []event{
			{name: "Baseline", colour: colourWanted, expr: runLines("$baseline", beginOrEnd), tags: planName},
			{name: "Run", colour: colourP99, expr: runLines("$run", beginOrEnd), tags: planName},
		},
		sections: []section{
			{"The run against the baseline", compareChange()},
			{"Baseline | Run", compareSides()},
		},
	}
}

// both are the two runs, and how they are called.
var both = []struct{ variable, name, colour string }{
	{"$baseline", "baseline", colourWanted}, {"$run", "run", colourDone},
}

func ofOne(variable, metric string, more ...string) string {
	return selector(metric, append([]string{is(runID, variable), is(attackName, "$attack")}, more...)...)
}

// baseline is the run before, at first.
func baseline() variable {
	v := runs("baseline", "Baseline", "$run")
	v.empty = "there is one run in the time range"
	return v
}

func compareChange() []panel {
	environments := fmt.Sprintf(`count(sum by (%s) (count_over_time({%s="loadtrace"} | %s=~"$run|$baseline" | %s!="" [$__range])))`,
		fingerprint, serviceName, runID, fingerprint)
	colours := map[string]string{}
	var percentiles, errors, rates []query
	for _, side := range both {
		colours[".*"+side.name] = side.colour
		response := sum(total(ofOne(side.variable, responseTime)))
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
			percentiles = append(percentiles, prom(quantile(q, response), fmt.Sprintf("p%v %s", q*100, side.name)))
		}
		sent := sum(total(ofOne(side.variable, requests, wasSent())))
		errors = append(errors, prom(fmt.Sprintf("(%s or vector(0)) / %s",
			sum(total(ofOne(side.variable, requests, wasError()))), sent), side.name))
		rates = append(rates, prom(sent, side.name))
	}
	// Neighbours are the same percentile.
	percentiles = []query{
		percentiles[0], percentiles[4], percentiles[1], percentiles[5], percentiles[2], percentiles[6], percentiles[3], percentiles[7],
	}
	change := func(q float64) query {
		of := func(variable string) string { return quantile(q, sum(total(ofOne(variable, responseTime)))) }
		return prom(of("$run")+" / "+of("$baseline")+" - 1", fmt.Sprintf("p%v", q*100))
	}
	return sized(8,
		panel{
			kind: figure, title: "Response time, change", unit: "percentunit", w: 8,
			about:   "How much slower (more than 0) or faster the run was than the baseline, by percentile of the response time of all requests.",
			queries: []query{change(0.5), change(0.9), change(0.99), change(0.999)},
			limits:  over(0.05, 0.2),
		},
		panel{
			kind: bars, title: "Response time", unit: "s", w: 7, about: "Percentiles over the whole runs.",
			queries: percentiles, look: look{colours: colours},
		},
		panel{
			kind: bars, title: "Error ratio", unit: "percentunit", w: 3, about: "Share of the requests sent that failed or ended with an error status.",
			queries: errors, look: look{colours: colours}, limits: over(0.001, 0.01),
		},
		panel{
			kind: bars, title: "Requests sent", unit: "short", w: 3, about: "A comparison is fair between runs of the same load.",
			queries: rates, look: look{colours: colours},
		},
		panel{
			kind: figure, title: "Environments", unit: "short", w: 3,
			about:   "1: both generators ran in the same environment. 2: they did not, so this also compares machines; the lines below show the differences.",
			queries: []query{{from: Loki, expr: environments, legend: "environments"}}, limits: over(2, 2),
		},
	)
}

func compareSides() []panel {
	var out []panel
	out = append(out, pair(8, func(v, name string) panel {
		return panel{
			kind: curves, title: "Rate: " + name, unit: "reqps",
			about: "Requests per second, wanted and sent, of the " + name + ".",
			queries: []query{
				prom(sum(now(ofOne(v, rateWanted))), "wanted"),
				prom(sum(rate(ofOne(v, requests, wasSent()))), "sent"),
			},
			look: look{dashed: "wanted", colours: map[string]string{"wanted": colourWanted, "sent": colourDone}},
		}
	})...)
	out = append(out, pair(9, func(v, name string) panel {
		q := func(q float64) query {
			return prom(quantile(q, sum(rate(ofOne(v, responseTime)))), fmt.Sprintf("p%v", q*100)).at(exemplary)
		}
		return panel{
			kind: curves, title: "Response time: " + name, unit: "s",
			about:   "Percentiles of the " + name + ", with traces behind the points.",
			queries: []query{q(0.5), q(0.9), q(0.99)}, limits: over(0.25, 1),
			look: look{logs: true, colours: map[string]string{"p50": colourP50, "p90": colourP90, "p99": colourP99}},
		}
	})...)
	out = append(out, pair(8, func(v, name string) panel {
		return panel{
			kind: curves, title: "Errors by kind: " + name, unit: "reqps",
			about:   "Failures and error statuses of the " + name + ".",
			queries: []query{prom(sum(rate(ofOne(v, requests, not(errorType, ""))), errorType), "{{"+errorType+"}}").mayBeEmpty(noFailures)},
			look:    look{stacked: true},
		}
	})...)
	out = append(out, pair(7, func(v, name string) panel {
		return panel{
			kind: log, title: "In words: " + name,
			about:   "Where the " + name + " ran, and its result: the verdict with its reasons.",
			queries: []query{lines(runLines(v, beginOrEnd))},
		}
	})...)
	return append(out, pair(8, func(v, name string) panel {
		return panel{
			kind: bars, title: "Mean response time by component: " + name, unit: "s",
			about: "The ledger of joined requests of the " + name + ": where the time went.",
			queries: []query{prom(sum("histogram_sum("+total(ofOne(v, joinLedger))+")", ledgerComponent)+
				" / on () group_left () "+sum("histogram_count("+total(ofOne(v, joinResponse))+")"), "{{"+ledgerComponent+"}}")},
		}
	})...)
}

// pair makes the same panel for both runs.
func pair(h uint32, of func(variable, name string) panel) []panel {
	return sized(h, of(both[0].variable, both[0].name), of(both[1].variable, both[1].name))
}
