package dashboards

// pipeline is the health of the telemetry itself: what is not joined, waits, or is
// lost on the way.
func pipeline() definition {
	return definition{
		uid: "loadtrace-pipeline", title: "Loadtrace / Pipeline health",
		about: "The collector that carries the telemetry of the runs: how much of it is joined, what is queued, and what was lost.",
		variables: []variable{
			values("collector", "Collector", "Instances of the collector.", "instance", collectorUptime),
		},
		sections: []section{
			{"At a glance", pipelineGlance()},
			{"Join", pipelineJoin()},
			{"Queues", pipelineQueues()},
			{"Losses and refusals", pipelineLosses()},
			{"The collector's process", pipelineProcess()},
		},
	}
}

func in(metric string, more ...string) string {
	return selector(metric, append([]string{is("instance", "$collector")}, more...)...)
}

func lost(over func(string) string) string {
	return sum(over(in(itemsDropped))) + " + " +
		"(" + sum(over(in(failedSpans))) + " or vector(0)) + (" + sum(over(in(failedPoints))) + " or vector(0)) + (" + sum(over(in(failedLogs))) + " or vector(0)) + " +
		sum(over(in(joinSpans, `state=~"refused|undelivered"`)))
}

const nothingFailed = "no delivery of that signal failed"

func pipelineGlance() []panel {
	// The join's own metrics have the id of the join, which is not the collector's.
	coverage := "(" + sum(total(selector(joinRequests, is(joinStatus, "complete")))) + " or vector(0)) / (" + sum(total(joinRequests)) + " > 0)"
	return sized(4,
		panel{
			kind: figure, title: "Requests joined whole", unit: "percentunit",
			about:   "Share of the requests for which the server span was found, with runtime samples and log lines if the service sends any. Below is what the others lack.",
			queries: []query{prom(coverage, "complete")}, limits: under(0.95, 0.8),
		},
		panel{
			kind: figure, title: "Lost", unit: "short",
			about:   "Spans, points and lines that the collector has dropped since it started, in the receiver, the join or an exporter. It should be 0.",
			queries: []query{prom(lost(total), "items")}, limits: over(1, 1),
		},
		panel{
			kind: figure, title: "Fullest queue", unit: "percentunit",
			about:   "Fill level of the exporters' queues. A full queue stops the pipeline in front of it.",
			queries: []query{prom("max("+in(queueSize)+" / "+in(queueCapacity)+")", "full")}, limits: over(0.5, 0.8),
		},
		panel{
			kind: figure, title: "Join's memory", unit: "percentunit",
			about:   "Used share of the join's memory budget. Over the budget, the oldest spans leave early and are marked.",
			queries: []query{prom("max("+in(joinHeld)+" / "+in(joinCapacity)+")", "used")}, limits: over(0.5, 0.8),
		},
	)
}

func pipelineJoin() []panel {
	return sized(9,
		panel{
			kind: curves, title: "Requests by what was joined", unit: "reqps",
			about:   "Complete: server span, runtime samples and log lines, if the service sends them. Partial: some of them. Every request that leaves the join is one of these.",
			queries: []query{prom(sum(rate(joinRequests), joinStatus), "{{"+joinStatus+"}}")},
			look: look{stacked: true, colours: map[string]string{
				"complete": colourGood, "partial": colourWarn, "none": colourBad,
			}},
		},
		panel{
			kind: curves, title: "What is missing", unit: "reqps",
			about: "Requests by signal and the reason why it is missing.",
			queries: []query{prom(sum(rate(selector(joinSignals, not(joinState, "joined"))), joinSignal, joinState), "{{"+joinSignal+"}}: {{"+joinState+"}}").
				mayBeEmpty("everything was joined")},
			look: look{stacked: true},
		},
		panel{
			kind: curves, title: "Why spans left the join", unit: "cps",
			about:   "Usually waited. Budget and trace_too_large mean that the join has too little memory; shutdown means that the collector was stopped.",
			queries: []query{prom(sum(rate(in(joinReleased)), "reason"), "{{reason}}")},
			look: look{stacked: true, colours: map[string]string{
				"waited": colourGood, "budget": colourBad, "trace_too_large": colourBad, "shutdown": colourWanted,
			}},
		},
	)
}

func pipelineQueues() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Exporters' queues", unit: "percentunit",
			about:   "How full each exporter's queue is.",
			queries: []query{prom("max by (exporter, data_type) ("+in(queueSize)+" / "+in(queueCapacity)+")", "{{exporter}} {{data_type}}")},
			limits:  over(0.5, 0.8), look: look{max: 1},
		},
		panel{
			kind: curves, title: "Generator's queue and the join's spans", unit: "bytes",
			about: "Memory of telemetry that waits: in the receiver for the pipeline, and in the join for its other half.",
			queries: []query{
				prom(sum(in(queueBytes)), "queue"),
				prom(sum(in(joinHeld)), "join"),
				prom(sum(in(joinCapacity)), "join's budget"),
			},
			look: look{dashed: "join's budget", colours: map[string]string{
				"queue": colourMemory, "join": colourDone, "join's budget": colourWanted,
			}},
		},
		panel{
			kind: curves, title: "Spans that wait, and instances known", unit: "short",
			about: "Client spans that wait in the join, and target instances whose runtime it knows.",
			queries: []query{
				prom(sum(in(joinWaiting)), "spans that wait"),
				prom(sum(in(joinInstances)), "instances"),
			},
		},
		panel{
			kind: curves, title: "Sent to the back ends", unit: "cps",
			about: "Items per second that each back end accepted.",
			queries: []query{
				prom(sum(rate(in(sentSpans)), "exporter"), "spans {{exporter}}"),
				prom(sum(rate(in(sentPoints)), "exporter"), "points {{exporter}}"),
				prom(sum(rate(in(sentLogs)), "exporter"), "lines {{exporter}}"),
			},
		},
	)
}

func pipelineLosses() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Given up by exporters", unit: "cps",
			about: "Items per second that a back end rejected permanently.",
			queries: []query{
				prom(sum(rate(in(failedSpans)), "exporter"), "spans {{exporter}}").mayBeEmpty(nothingFailed),
				prom(sum(rate(in(failedPoints)), "exporter"), "points {{exporter}}").mayBeEmpty(nothingFailed),
				prom(sum(rate(in(failedLogs)), "exporter"), "lines {{exporter}}").mayBeEmpty(nothingFailed),
			},
			limits: over(0.001, 0.001),
		},
		panel{
			kind: curves, title: "Refused by the pipeline", unit: "cps",
			about: "Items per second that receivers refused, because the pipeline did not accept them; senders keep them and retry.",
			queries: []query{
				prom(sum(rate(in(refusedSpans)), "receiver"), "spans {{receiver}}"),
				prom(sum(rate(in(refusedPoints)), "receiver"), "points {{receiver}}"),
				prom(sum(rate(in(refusedLogs)), "receiver"), "lines {{receiver}}"),
				prom(sum(rate(in(queueRefused)), "signal"), "generator {{signal}}"),
				prom(sum(rate(in(joinRetries))), "join"),
			},
			limits: over(0.001, 1),
		},
		panel{
			kind: curves, title: "Spans of runs", unit: "cps",
			about: "Spans that the generator made, delivered and dropped. Spans that the plan's sampling left out are not losses.",
			queries: []query{
				prom(sum(rate(spans), spanState), "{{"+spanState+"}}"),
				prom(sum(rate(in(itemsDelivered)), "signal"), "items {{signal}}"),
			},
			look: look{colours: map[string]string{
				"made": colourWanted, "delivered": colourGood, "dropped": colourBad, "sampled_out": colourMemory,
			}},
		},
		panel{
			kind: curves, title: "Look-ups and exemplars", unit: "cps",
			about: "Requests whose log lines were looked up in Loki, by result; and exemplars removed because their trace is not kept.",
			queries: []query{
				prom(sum(rate(in(joinLookups)), "result"), "look-up {{result}}"),
				prom(sum(rate(in(joinStripped))), "exemplars taken out"),
			},
		},
	)
}

func pipelineProcess() []panel {
	return sized(7,
		panel{
			kind: curves, title: "Memory", unit: "bytes", about: "Resident memory of the collector.",
			queries: []query{prom(in(collectorMemory), "{{instance}}")},
		},
		panel{
			kind: curves, title: "Processors busy", unit: "short", about: "Processors that the collector used. The generator shares them.",
			queries: []query{prom(sum(rate(in(collectorCPU)), "instance"), "{{instance}}")},
		},
	)
}
