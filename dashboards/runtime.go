package dashboards

import "fmt"

// runtime is the Go runtime of a target, against the latency of a run.
func runtime() definition {
	return definition{
		uid: "loadtrace-runtime", title: "Loadtrace / Runtime",
		about: "The Go runtime of the target's instances, beside the latency that a run saw: is it the scheduler, the garbage collector, a lock, or a limit?",
		variables: []variable{
			runs("run", "Run", ""), attacks("$run"),
			services(),
			values("instance", "Instance", "Instances of the services.", "instance", selector(goroutines, is("job", "$service"))),
		},
		events: append(runEvents("$run"), event{
			name: "GC cycles", colour: colourGC, off: true, tags: serviceName,
			expr:  fmt.Sprintf(`{%s} | scope_name=~".+/goruntime"`, is(serviceName, "$service")),
			empty: "no instance finished a garbage collection",
		}),
		sections: []section{
			{"Latency and the scheduler", runtimeLatency()},
			{"Goroutines and processors", runtimeScheduler()},
			{"Memory and garbage collection", runtimeMemory()},
			{"The server's own view", runtimeServer()},
		},
	}
}

func ofTarget() []string { return []string{is("job", "$service"), is("instance", "$instance")} }

func at(metric string, more ...string) string {
	return selector(metric, append(ofTarget(), more...)...)
}

func runtimeLatency() []panel {
	return []panel{
		{
			kind: curves, title: "Response time and scheduler latency, p99", unit: "s", w: 16, h: 10,
			about: "How long the run's requests waited, and how long runnable goroutines of the target waited for a processor. If both rise together, the target is out of processors.",
			queries: []query{
				prom(quantile(0.99, sum(rate(of(responseTime)))), "response").at(exemplary),
				prom(classic(0.99, scheduleTime, ofTarget(), "instance"), "scheduler {{instance}}"),
			},
			limits: over(0.01, 0.1),
			look:   look{logs: true, colours: map[string]string{"response": colourResponse}},
		},
		{
			kind: curves, title: "Response time by garbage collection, p99", unit: "s", w: 8, h: 10,
			about:   "Joined requests, by whether a cycle ended while the samples around them were taken. A large difference means that garbage collection costs latency.",
			queries: []query{prom(quantile(0.99, sum(rate(of(joinResponse)), gcOverlap)), "{{"+gcOverlap+"}}")},
			look: look{logs: true, colours: map[string]string{
				"no": colourGood, "possible": colourGC, "yes": colourBad, "unknown": colourWanted,
			}},
		},
	}
}

func runtimeScheduler() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Goroutines by state", unit: "short",
			about:   "Runnable ones wait for a processor. Waiting ones that only grow are a leak, or a queue.",
			queries: []query{prom(sum(at(goroutineStates), goroutineState), "{{"+goroutineState+"}}")},
			look: look{stacked: true, colours: map[string]string{
				"running": colourGood, "runnable": colourBad, "waiting": colourDone, "not_in_go": colourWanted,
			}},
		},
		panel{
			kind: curves, title: "Processors busy", unit: "short",
			about: "Processors by what they were used for, and how many Go may use. Brought up to date when a garbage collection ends.",
			queries: []query{
				prom(sum(rate(at(cpuTime, not(cpuState, "idle"))), cpuState), "{{"+cpuState+"}}"),
				prom(sum(at(processors)), "GOMAXPROCS"),
			},
			look: look{dashed: "GOMAXPROCS", colours: map[string]string{
				"user": colourDone, "gc": colourGC, "scavenge": colourMemory, "GOMAXPROCS": colourWanted,
			}},
		},
		panel{
			kind: curves, title: "Waiting for locks, and throttling", unit: "short",
			about: "Goroutines that wait for a mutex, on average; and the share of time in which the control group throttled the process.",
			queries: []query{
				prom(sum(rate(at(mutexWait)), "instance"), "mutex {{instance}}"),
				prom(sum(rate(at(cpuThrottled)), "instance")+" / "+sum(rate(at(cpuPeriods)), "instance"), "throttled {{instance}}").
					mayBeEmpty("the instances have no CPU limit"),
			},
			limits: over(0.5, 1),
		},
	)
}

func runtimeMemory() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Heap", unit: "bytes",
			about: "What is in use, what the last cycle found alive, and the size at which the next one begins; and all memory of the runtime.",
			queries: []query{
				prom(sum(at(memoryUsed)), "runtime"),
				prom(sum(at(heapObjects)), "objects"),
				prom(sum(at(heapLive)), "live"),
				prom(sum(at(heapGoal)), "goal"),
				prom(sum(at(memoryLimit)), "limit").mayBeEmpty("the instances have no GOMEMLIMIT"),
			},
			look: look{dashed: "goal|limit", colours: map[string]string{
				"runtime": colourDone, "objects": colourMemory, "live": colourGood, "goal": colourWanted, "limit": colourBad,
			}},
		},
		panel{
			kind: curves, title: "Allocation", unit: "Bps",
			about:   "Bytes allocated on the heap per second. It determines how often the garbage collector runs.",
			queries: []query{prom(sum(rate(at(allocated)), "instance"), "{{instance}}")},
		},
		panel{
			kind: curves, title: "Garbage collections", unit: "cps",
			about:   "Cycles per second. Each takes processors from the requests, and stops the world twice.",
			queries: []query{prom(sum(rate(at(gcCycles)), "instance"), "{{instance}}")},
			limits:  over(5, 20),
		},
		panel{
			kind: curves, title: "GC pause, p99", unit: "s",
			about: "How long the world stood still for a garbage collection.",
			queries: []query{prom(classic(0.99, gcPause, ofTarget(), "instance"), "{{instance}}").
				mayBeEmpty("no instance collected garbage within the interval")},
			limits: over(0.001, 0.01),
		},
	)
}

func runtimeServer() []panel {
	return sized(8,
		panel{
			kind: curves, title: "Requests served", unit: "reqps",
			about: "By route or method, as the target's own instrumentation counts them.",
			queries: []query{
				prom(sum(rate(at(serverTime+"_count")), "http_route"), "{{http_route}}").mayBeEmpty("the target serves no HTTP"),
				prom(sum(rate(at(serverCallTime+"_count")), "rpc_method"), "{{rpc_method}}").mayBeEmpty("the target serves no gRPC"),
			},
		},
		panel{
			kind: curves, title: "Duration at the server, p99", unit: "s",
			about: "By route or method. The difference to what the run measured is the network, its queues, and the generator.",
			queries: []query{
				prom(classic(0.99, serverTime, ofTarget(), "http_route"), "{{http_route}}").mayBeEmpty("the target serves no HTTP"),
				prom(classic(0.99, serverCallTime, ofTarget(), "rpc_method"), "{{rpc_method}}").mayBeEmpty("the target serves no gRPC"),
			},
			limits: over(0.25, 1),
			look:   look{logs: true},
		},
	)
}
