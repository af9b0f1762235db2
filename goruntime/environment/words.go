package environment

import (
	"fmt"
	"strings"
)

// Words are what people ask for first, each a short text: the processor, how much
// of it the process may use, the Go runtime, the system.
func (e *Environment) Words() []string {
	var out []string
	add := func(parts ...string) {
		if text := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); text != "" {
			out = append(out, text)
		}
	}
	add(e.CPU.Model)
	add(e.processors())
	if l := e.Limits; l != nil && l.CPU > 0 {
		add("limit", l.cpu())
	}
	if l := e.Limits; l != nil && l.Memory > 0 {
		add("memory", l.memory())
	}
	add(e.Go.Version)
	if e.Go.GC != "" && e.Go.GC != "100" {
		add("GOGC", e.Go.GC)
	}
	add(e.OS, e.Kernel)
	if c := e.ClockSource; c != "" && c != "tsc" && c != "arch_sys_counter" {
		add("clock", c)
	}
	return out
}

// processors is how many the process may use, and of how many, if that differs.
func (e *Environment) processors() string {
	n := e.CPU.Allowed
	if n == 0 {
		n = e.CPU.Online
	}
	if n == 0 {
		return ""
	}
	text := fmt.Sprint(n)
	if e.CPU.Online > n {
		text += fmt.Sprintf(" of %d", e.CPU.Online)
	}
	if e.Go.MaxProcs != 0 && e.Go.MaxProcs != n {
		text += fmt.Sprintf(" processors, GOMAXPROCS %d", e.Go.MaxProcs)
	} else if text == "1" {
		text += " processor"
	} else {
		text += " processors"
	}
	return text
}
