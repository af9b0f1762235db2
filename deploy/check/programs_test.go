package check

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

type object = map[string]any

func parse(t *testing.T, src string) object {
	t.Helper()
	var o object
	require.NoError(t, yaml.Unmarshal([]byte(src), &o))
	return o
}

// distribution is the loadtrace with all components.
func distribution(t *testing.T) string {
	t.Helper()
	path := os.Getenv("LOADTRACE")
	if path == "" {
		path = "../../bin/loadtrace"
	}
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	listed, err := exec.CommandContext(t.Context(), path, "components").Output()
	require.NoError(t, err, "build it with make build, or name another as LOADTRACE")
	require.Contains(t, string(listed), "load_balancing", "%s is not the whole distribution: make build", path)
	return path
}

// valid has the distribution check a configuration with an environment.
func valid(t *testing.T, binary, file string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "validate", "--config", file)
	cmd.Env = append(os.Environ(), append(env, "QUEUE="+t.TempDir())...)
	said, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s\n%s", file, said)
}

func TestConfigurationsOfTheCollectorAreValid(t *testing.T) {
	binary := distribution(t)
	files, err := filepath.Glob("../collector/*.yaml")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		found++
		valid(t, binary, file)
	}
	assert.Equal(t, 2, found)
}

func TestConfigurationsInTheClusterAreValidWithTheirEnvironment(t *testing.T) {
	binary := distribution(t)
	for _, folder := range []string{"base", "overlays/example"} {
		c, err := build(folder)
		require.NoError(t, err)
		for name, s := range c.statefulSets {
			container := s.Spec.Template.Spec.Containers[0]
			require.Len(t, container.Args, 1)
			file := strings.TrimPrefix(container.Args[0], "--config=/etc/loadtrace/")
			src, ok := c.configMaps[configOf(t, c, name)].Data[file]
			require.True(t, ok, "%s names %s", name, container.Args[0])
			path := filepath.Join(t.TempDir(), file)
			require.NoError(t, os.WriteFile(path, []byte(src), 0o600))
			valid(t, binary, path, environment(t, c, name)...)
		}
	}
}

func environment(t *testing.T, c *cluster, name string) (env []string) {
	t.Helper()
	container := c.pods()[name].Spec.Containers[0]
	all, err := c.variables(&container, fieldsOf(c))
	require.NoError(t, err)
	for k, v := range all {
		if k != "QUEUE" {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// The pods of a Job are the shards of one run: the command that each would run
// is run here, until it waits for the run's beginning. By then it has read
// its plan and taken its shard.
func TestThePodsOfAJobAreTheShardsOfARun(t *testing.T) {
	binary := distribution(t)
	c, err := build("overlays/example/run")
	require.NoError(t, err)
	job := c.jobs["loadtrace-run"]
	assert.EqualValues(t, 4, *job.Spec.Completions)
	assert.Equal(t, *job.Spec.Completions, *job.Spec.Parallelism, "all shards run at once")
	assert.EqualValues(t, 0, *job.Spec.BackoffLimitPerIndex, "a shard that begins late is none")

	container := job.Spec.Template.Spec.Containers[0]
	mounted, address := mount(t, c, job.Spec.Template.Spec), collector(t, binary, c)
	run := func(index, at string) (args []string) {
		fields := fieldsOf(c)
		fields["metadata.annotations['batch.kubernetes.io/job-completion-index']"] = index
		env, err := c.variables(&container, fields)
		require.NoError(t, err)
		if at != "" {
			env["START_AT"] = at
		}
		for _, arg := range container.Args {
			arg = strings.Replace(expand(arg, env), "http://loadtrace-merge:4319", address, 1)
			args = append(args, mounted.Replace(arg))
		}
		return args
	}

	said, err := exec.CommandContext(t.Context(), binary, run("3", "")...).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(said), "give all shards a later time", "what is committed is not run by mistake")

	at := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for _, index := range []string{"0", "3"} {
		cmd := exec.CommandContext(t.Context(), binary, run(index, at)...)
		assert.Contains(t, until(t, cmd, "begins at"), "shard "+index+"/4 of run 2b9c72011d13ef2c begins at "+at)
	}
	said, err = exec.CommandContext(t.Context(), binary, run("4", at)...).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(said), "the index counts from 0", "there is no fifth shard of four")
}

// mount writes what a pod's containers have mounted, and replaces where by where it is here.
func mount(t *testing.T, c *cluster, pod corev1.PodSpec) *strings.Replacer {
	t.Helper()
	var pairs []string
	for _, m := range pod.Containers[0].VolumeMounts {
		dir, files := t.TempDir(), map[string][]byte{}
		for _, v := range pod.Volumes {
			switch {
			case v.Name != m.Name:
			case v.ConfigMap != nil:
				for name, text := range c.configMaps[v.ConfigMap.Name].Data {
					files[name] = []byte(text)
				}
			case v.Secret != nil:
				files = c.secrets[v.Secret.SecretName].Data
			}
		}
		for name, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
		}
		pairs = append(pairs, m.MountPath+"/", dir+"/")
	}
	return strings.NewReplacer(pairs...)
}

// collector starts the command of the pod that gives the verdict, and checks at the end
// what the shards told it. It returns where it listens.
func collector(t *testing.T, binary string, c *cluster) (address string) {
	t.Helper()
	job := c.jobs["loadtrace-merge"]
	container := job.Spec.Template.Spec.Containers[0]
	assert.EqualValues(t, 0, *job.Spec.BackoffLimit, "a verdict is given once")
	env, err := c.variables(&container, fieldsOf(c))
	require.NoError(t, err)
	mounted := mount(t, c, job.Spec.Template.Spec)
	var args []string
	for _, arg := range container.Args {
		args = append(args, mounted.Replace(strings.Replace(expand(arg, env), "--listen=", "--listen=127.0.0.1", 1)))
	}
	for i, arg := range args { // any port, for a test
		if strings.HasPrefix(arg, "--listen=") {
			assert.Equal(t, "--listen=127.0.0.1:4319", arg)
			args[i] = "--listen=127.0.0.1:0"
		}
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	said := &heard{wanted: "waiting for 4 shards of run 2b9c72011d13ef2c at ", came: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = said, said
	require.NoError(t, cmd.Start())
	select {
	case <-said.came:
	case <-time.After(time.Minute):
		t.Fatal("the collector did not say where it listens")
	}
	_, rest, _ := strings.Cut(said.text.String(), " at ")
	address, _, _ = strings.Cut(rest, "\n")
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(os.Interrupt))
		assert.Error(t, cmd.Wait(), "no shard left a summary")
		for _, want := range []string{"shard 3/4: it failed: ", "shard 0/4 is waiting", "shard 3/4 is waiting"} {
			assert.Contains(t, said.text.String(), want)
		}
	})
	return "http://" + strings.TrimSpace(address)
}

// until runs a command until it has said something, and returns what it said.
func until(t *testing.T, cmd *exec.Cmd, wanted string) string {
	t.Helper()
	var said heard
	said.wanted, said.came = wanted, make(chan struct{})
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-said.came:
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		<-ended
	case err := <-ended:
		t.Errorf("%s ended before it said %q: %v", filepath.Base(cmd.Path), wanted, err)
	case <-time.After(time.Minute):
		t.Errorf("%s did not say %q", filepath.Base(cmd.Path), wanted)
		_ = cmd.Process.Kill()
		<-ended
	}
	return said.text.String()
}

// heard is what a command says. One goroutine writes it, for both of its streams.
type heard struct {
	text   bytes.Buffer
	wanted string
	came   chan struct{}
	closed bool
}

func (h *heard) Write(p []byte) (int, error) {
	h.text.Write(p)
	if !h.closed && strings.Contains(h.text.String(), h.wanted) {
		h.closed = true
		close(h.came)
	}
	return len(p), nil
}

// real is the binaries of the servers that deploy/stack builds, by name.
func real(t *testing.T) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "run", "./deploy/stack", "build")
	cmd.Dir = "../.."
	said, err := cmd.Output()
	require.NoError(t, err)
	binaries := map[string]string{}
	for line := range strings.Lines(string(said)) {
		if name, path, ok := strings.Cut(strings.TrimSpace(line), ": built as "); ok {
			binaries[name] = path
		}
	}
	require.Len(t, binaries, 3, "%s", said)
	return binaries
}

// here replaces what is mounted into a service by where it is on this machine.
func here(s types.ServiceConfig) (args []string) {
	for _, arg := range s.Command {
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				arg = strings.Replace(arg, v.Target, v.Source, 1)
			}
		}
		args = append(args, arg)
	}
	return args
}

// The versions are those of deploy/stack, which for Prometheus and Jaeger are a
// little older than the images.
func TestTheRealServersTakeWhatComposeGivesThem(t *testing.T) {
	binaries, services := real(t), project(t).Services

	loki := exec.CommandContext(t.Context(), binaries["loki"], append(here(services["loki"]), "-verify-config")...)
	loki.Dir = t.TempDir()
	said, err := loki.CombinedOutput()
	assert.NoError(t, err, "%s", said)

	jaeger := exec.CommandContext(t.Context(), binaries["jaeger"], append([]string{"validate"}, here(services["jaeger"])...)...)
	said, err = jaeger.CombinedOutput()
	assert.NoError(t, err, "%s", said)

	args := []string{"--web.listen-address=127.0.0.1:0"}
	for _, arg := range here(services["prometheus"]) {
		if arg == "--storage.tsdb.path=/prometheus" {
			arg = "--storage.tsdb.path=" + t.TempDir()
		}
		args = append(args, arg)
	}
	until(t, exec.CommandContext(t.Context(), binaries["prometheus"], args...), "Server is ready to receive web requests")
}
