package verdict

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// All as a check's attack is all attacks together.
const All = -1

// Whole as a check's stage is all stages.
const Whole = -1

// Check is one figure to be held against a limit. A threshold on each stage is a
// check for each.
type Check struct {
	loadgen.Threshold
	Index  int // of the threshold in the plan
	attack int
	stages map[int]int // the stage of each attack that it is about; nil: all
	every  bool        // it leaves out no stage, or others like it are about the rest

	limit float64
	kind  loadgen.LimitKind
	least bool // the limit is the least allowed, not the most
}

// About reports whether the check is about an attack, or stages of it.
func (c *Check) About(attack int) bool {
	_, ok := c.stages[attack]
	return ok || c.stages == nil && (c.attack == All || c.attack == attack)
}

// StageOf is the stage of an attack that the check is about, or Whole.
func (c *Check) StageOf(attack int) int {
	if i, ok := c.stages[attack]; ok {
		return i
	}
	return Whole
}

// OfStages reports whether the check is about less than all stages.
func (c *Check) OfStages() bool { return c.stages != nil }

// Relative reports whether the figure is the ratio of the rate to the wanted one.
func (c *Check) Relative() bool {
	return c.Metric == loadgen.MetricRate && c.kind == loadgen.LimitRatio
}

// Checks of a plan that planfile.Validate has found good, in its order.
func Checks(plan *loadgen.Plan) []Check {
	var out []Check
	for i, t := range plan.Thresholds {
		out = append(out, expand(plan, i, t)...)
	}
	return out
}

func expand(plan *loadgen.Plan, index int, t loadgen.Threshold) []Check {
	c := Check{Threshold: t, Index: index, attack: All}
	for i := range plan.Attacks {
		if t.Attack != "" && plan.Attacks[i].Name == t.Attack {
			c.attack = i
		}
	}
	limit := t.AtMost
	if c.least = t.AtLeast != ""; c.least {
		limit = t.AtLeast
	}
	c.limit, c.kind, _ = limit.Read()
	switch t.Stage {
	case "":
		return []Check{c}
	case loadgen.EachStage:
		return c.each(plan)
	}
	c.stages, c.every = map[int]int{}, true
	for i := range plan.Attacks {
		if c.attack == All || c.attack == i {
			c.every = c.every && len(plan.Attacks[i].Load) == 1 && plan.Attacks[i].Load[0].Name == t.Stage
			for j := range plan.Attacks[i].Load {
				if plan.Attacks[i].Load[j].Name == t.Stage {
					c.stages[i] = j
				}
			}
		}
	}
	return []Check{c}
}

// each makes a check of every stage of the attacks that c is about.
func (c Check) each(plan *loadgen.Plan) (out []Check) {
	for i := range plan.Attacks {
		if c.attack != All && c.attack != i {
			continue
		}
		for j := range plan.Attacks[i].Load {
			one := c
			one.attack, one.stages, one.every = i, map[int]int{i: j}, true
			one.Threshold.Attack = plan.Attacks[i].Name
			if one.Threshold.Stage = plan.Attacks[i].Load[j].Name; one.Threshold.Stage == "" {
				one.Threshold.Stage = fmt.Sprintf("%d of %d", j+1, len(plan.Attacks[i].Load))
			}
			out = append(out, one)
		}
	}
	return out
}

// keeps reports whether a value keeps to the limit.
func (c *Check) keeps(value float64) bool {
	if c.least {
		return value >= c.limit
	}
	return value <= c.limit
}

// worse is the one of two values that is further from keeping to the limit.
func (c *Check) worse(a, b float64) float64 {
	if c.least {
		return min(a, b)
	}
	return max(a, b)
}

// Figure is what the check is about, in words, such as p99 response time.
func (c *Check) Figure() string {
	name := strings.ReplaceAll(string(c.Metric), "_", " ")
	switch {
	case c.Metric == loadgen.MetricStatus:
		return "status " + c.Status
	case c.Stat != "":
		return string(c.Stat) + " " + name
	case c.Percentile > 0:
		return "p" + strconv.FormatFloat(c.Percentile, 'f', -1, 64) + " " + name
	case c.Relative():
		return "rate of wanted"
	}
	return name
}

// Where is the part of the run that the check is about, in words: attack, stage
// and window, empty where that is all.
func (c *Check) Where() string {
	var parts []string
	if c.Threshold.Attack != "" {
		parts = append(parts, c.Threshold.Attack)
	}
	if c.Stage != "" {
		parts = append(parts, "stage "+c.Stage)
	}
	if c.Window > 0 {
		parts = append(parts, "any "+short(c.Window))
	}
	return strings.Join(parts, ", ")
}

func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (c *Check) String() string {
	s := c.Figure()
	if where := c.Where(); where != "" {
		s += " (" + where + ")"
	}
	if c.least {
		return s + " at least " + string(c.AtLeast)
	}
	return s + " at most " + string(c.AtMost)
}
