package terminal

import (
	"bytes"
	"testing"

	"github.com/loadtrace/loadtrace/internal/calibrate"
)

func TestACalibrationIsDrawnWithItsErrors(t *testing.T) {
	sound := calibrate.Result{
		Case: "stall of 1 s, 16 workers", Requests: 5000, Finished: 5000, Stalls: true, Error: 0.0081,
		Injected:     calibrate.Points{P50: .001, P90: .001, P95: .001, P99: .001, P999: .001, Max: .001},
		Served:       calibrate.Points{P50: .0011, P90: .00159, P95: .00173, P99: .00206, P999: .997, Max: 1},
		ServiceTime:  calibrate.Points{P50: .00121, P90: .00188, P95: .00204, P99: .00237, P999: .999, Max: 1},
		Truth:        calibrate.Points{P50: .001, P90: .613, P95: .807, P99: .962, P999: .997, Max: 1},
		ResponseTime: calibrate.Points{P50: .00129, P90: .624, P95: .814, P99: .961, P999: .999, Max: 1.001},
		Lag:          calibrate.Points{P50: .00009, P90: .593, P95: .781, P99: .931, P999: .965, Max: .97},
		Pauses:       calibrate.Pauses{Count: 3, Longest: .000786},
	}
	broken := sound
	broken.Case, broken.SpansLost, broken.Pauses = "broken", 12, calibrate.Pauses{}
	broken.Faults = []string{"12 of 5001 spans were lost", "4988 of 5000 requests finished"}
	requireGolden(t, "calibration.txt", text(func(b *bytes.Buffer) {
		Calibration(b, &sound, Options{Width: 80})
		Calibration(b, &broken, Options{Width: 100, ASCII: true})
	}))
}
