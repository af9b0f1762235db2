package ladderrun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Own is the user's service in variants, each a command that starts it, and the
// plan that attacks them.
type Own struct {
	Path     string        // of the plan, for errors
	Plan     *loadgen.Plan // must not change
	Variants []string      // name=command
	Under    []string      // a program that runs them, with arguments; none if empty

	addresses []string // that the plan attacks
}

var variantName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`)

// Prepare returns the variants in their order. Errors are bad input.
func (o *Own) Prepare() (list []Variant, err error) {
	if err := o.attackable(o.Plan); err != nil {
		return nil, badinput.Error(err)
	}
	for _, v := range o.Variants {
		name, command, _ := strings.Cut(v, "=")
		if !variantName.MatchString(name) || strings.TrimSpace(command) == "" {
			return nil, badinput.Error(fmt.Errorf("--variant %q: write name=command, as in old='./service-old --port 8080'", v))
		}
		if slices.ContainsFunc(list, func(s Variant) bool { return s.result.Name == name }) {
			return nil, badinput.Error(fmt.Errorf("--variant %s: is there twice; each variant has a name of its own", name))
		}
		list = append(list, Variant{ladder.Variant{Name: name}, func(ctx context.Context, _ string, log *os.File) (*subject, error) {
			return o.start(ctx, append(slices.Clone(o.Under), "sh", "-c", command), log, o.Plan)
		}})
	}
	if len(list) < 2 {
		return nil, badinput.Error(errors.New("--variant: give two at least, the first of which the others are compared with"))
	}
	return list, nil
}

// attackable finds where the plan's targets listen, and refuses a plan whose rate
// is its own.
func (o *Own) attackable(plan *loadgen.Plan) error {
	for _, a := range plan.Attacks {
		address, err := listening(&a)
		if err != nil {
			return fmt.Errorf("%s: attack %s: %w", o.Path, a.Name, err)
		}
		o.addresses = append(o.addresses, address)
	}
	for _, a := range counted(plan) {
		for _, stage := range a.Load {
			if stage.Max == nil {
				return fmt.Errorf("%s: attack %s: has a stage with a rate of its own, which no variant changes; write max: {workers: 64} for a closed loop", o.Path, a.Name)
			}
		}
	}
	return nil
}

// counted are the attacks of which figures are taken: all, or the last of a
// sequence, as those before it warm the service up.
func counted(plan *loadgen.Plan) []loadgen.Attack {
	if plan.Order == loadgen.Sequence {
		return plan.Attacks[len(plan.Attacks)-1:]
	}
	return plan.Attacks
}

// listening is the address of an attack's target.
func listening(a *loadgen.Attack) (string, error) {
	switch {
	case a.GRPC != nil:
		return a.GRPC.Target, nil
	case a.HTTP.Targets != nil:
		return "", errors.New("has a targets file; a ladder of variants takes a url, so that it knows when a variant listens")
	}
	u, err := url.Parse(a.HTTP.URL)
	if err != nil {
		return "", err
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)), nil
}

// startLimit is how long a variant may take until it listens.
const startLimit = 20 * time.Second

// start runs a command in a process group of its own until the targets listen.
func (o *Own) start(ctx context.Context, command []string, log *os.File, plan *loadgen.Plan) (*subject, error) {
	for _, a := range o.addresses {
		if listens(ctx, a) {
			return nil, fmt.Errorf("something listens on %s already; stop it, or it would be measured instead of the variant", a)
		}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s := &subject{plan: plan, address: o.addresses[len(o.addresses)-1], stop: func() { end(cmd.Process.Pid, ended) }}
	if err := o.await(ctx, ended); err != nil {
		s.stop()
		return nil, err
	}
	s.sample = func(sum *summary.Summary) ladder.Sample { return sampleOf(sum, figures(plan, sum)) }
	return s, nil
}

// figures are those of the attacks that count.
func figures(plan *loadgen.Plan, sum *summary.Summary) summary.Figures {
	if plan.Order == loadgen.Sequence {
		return sum.Attacks[len(sum.Attacks)-1].Figures
	}
	return sum.Total
}

// await returns when all targets listen.
func (o *Own) await(ctx context.Context, ended chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for _, a := range o.addresses {
		for !listens(ctx, a) {
			select {
			case err := <-ended:
				ended <- err
				how := "exit status 0"
				if err != nil {
					how = err.Error()
				}
				return fmt.Errorf("the command ended (%s) before it listened on %s", how, a)
			case <-ctx.Done():
				return fmt.Errorf("it does not listen on %s: %w", a, ctx.Err())
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

func listens(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// stopLimit is how long a variant may take to end.
const stopLimit = 5 * time.Second

// end stops a process group in order, or kills it. It returns when none of its
// processes is left, which may be after the shell that started them.
func end(group int, ended chan error) {
	syscall.Kill(-group, syscall.SIGTERM)
	for deadline := time.Now().Add(stopLimit); syscall.Kill(-group, 0) == nil; {
		if time.Now().After(deadline) {
			syscall.Kill(-group, syscall.SIGKILL)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-ended
}
