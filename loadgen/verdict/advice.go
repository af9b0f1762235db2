package verdict

// What to do about doubts, each a sentence without a full stop. Those on descriptors and
// ports are in the doubts themselves.
const (
	adviceOnStop       = "run the plan to its end"
	adviceOnLag        = "raise max_workers, if all workers were busy; otherwise leave the generator more of the machine, or lower the rate"
	adviceOnConnWait   = "raise max_connections, or connections of gRPC; or, if waiting for them is what you test, raise trust.connection_wait"
	adviceOnThrottling = "raise the CPU limit of the generator's cgroup, or lower the rate"
	adviceOnSteal      = "use a machine whose host has fewer guests, or repeat the run when they do less"
	adviceOnLatency    = "stop what else uses the machine, run the target on another one, or lower the rate"
	adviceOnLoss       = "check where the telemetry goes, send less of it (sampling: 0.1), or allow more time for it (--flush-timeout)"
	adviceOnCounts     = "report it, with the summary of --json: counts that do not add up are a fault of Loadtrace"
)

func adviceOnFaults(lost bool) string {
	if lost {
		return adviceOnLoss
	}
	return adviceOnCounts
}
