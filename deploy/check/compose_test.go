package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// project is compose.yaml as Compose reads it: checked against its schema, with
// variables, merges and paths resolved.
func project(t *testing.T, env ...string) *types.Project {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{"../compose.yaml"}, cli.WithEnv(env), cli.WithProfiles([]string{"run"}))
	require.NoError(t, err)
	p, err := o.LoadProject(t.Context())
	require.NoError(t, err)
	return p
}

// each calls check for every service of compose.yaml, of which there are as many
// as the platform has programs.
func each(t *testing.T, check func(t *testing.T, s types.ServiceConfig)) {
	t.Helper()
	services := project(t).Services
	require.Len(t, services, 7)
	for name, s := range services {
		t.Run(name, func(t *testing.T) { check(t, s) })
	}
}

func TestServicesAreConfined(t *testing.T) {
	each(t, func(t *testing.T, s types.ServiceConfig) {
		assert.True(t, s.ReadOnly, "its file system is read-only")
		assert.Equal(t, []string{"ALL"}, s.CapDrop)
		assert.Empty(t, s.CapAdd)
		assert.False(t, s.Privileged)
		assert.Equal(t, []string{"no-new-privileges:true"}, s.SecurityOpt)
		assert.Positive(t, s.PidsLimit)
		if s.Build == nil { // the user of our own images is in the Dockerfile
			user, _, _ := strings.Cut(s.User, ":")
			assert.NotEmpty(t, user, "it does not run as whoever the image says")
			assert.NotContains(t, []string{"0", "root"}, user)
		}
		for _, p := range s.Ports {
			assert.Equal(t, "127.0.0.1", p.HostIP, "port %s is for this machine alone", p.Published)
		}
	})
}

func TestImagesArePinned(t *testing.T) {
	each(t, func(t *testing.T, s types.ServiceConfig) {
		_, tag, found := strings.Cut(s.Image, ":")
		assert.True(t, found, s.Image)
		assert.Regexp(t, `^v?\d+\.\d+\.\d+$`, tag)
	})
}

func TestServicesAreBoundedSoThatNoneDisturbsTheMeasurement(t *testing.T) {
	each(t, func(t *testing.T, s types.ServiceConfig) {
		assert.Positive(t, s.MemLimit)
		assert.Positive(t, s.CPUS)
		assert.NotEmpty(t, s.CPUSet)
		if limit := s.Environment["GOMEMLIMIT"]; s.Name != "grafana" {
			require.NotNil(t, limit, "the garbage collector knows the limit")
			var bytes types.UnitBytes
			require.NoError(t, bytes.DecodeMapstructure(strings.TrimSuffix(*limit, "iB")))
			assert.Less(t, bytes, s.MemLimit)
			assert.Greater(t, float64(bytes), 0.85*float64(s.MemLimit))
		}
	})
	services := project(t).Services
	for a, others := range map[string][]string{"generator": {"target", "join", "prometheus", "loki", "jaeger", "grafana"}, "target": {"join", "prometheus", "loki", "jaeger", "grafana"}} {
		for _, b := range others {
			for _, cpu := range strings.Split(services[a].CPUSet, ",") {
				assert.NotContains(t, strings.Split(services[b].CPUSet, ","), cpu, "%s and %s share a processor", a, b)
			}
		}
	}
	assert.Equal(t, "0,1", project(t, "BACKEND_CPUS=0,1").Services["join"].CPUSet, "a smaller machine can do with less")
}

func TestServicesTellWhetherTheyAreHealthy(t *testing.T) {
	each(t, func(t *testing.T, s types.ServiceConfig) {
		for name, d := range s.DependsOn {
			assert.Equal(t, types.ServiceConditionHealthy, d.Condition, "waits for %s to be healthy", name)
		}
		if s.Name == "generator" {
			assert.Equal(t, "no", s.Restart, "a run is not repeated")
			return // it ends by itself
		}
		require.NotNil(t, s.HealthCheck)
		require.NotEmpty(t, s.HealthCheck.Test)
		assert.Equal(t, "CMD", s.HealthCheck.Test[0], "the images have no shell")
	})
}

func TestWhatIsMountedExistsAndWhatIsNamedIsMounted(t *testing.T) {
	each(t, func(t *testing.T, s types.ServiceConfig) {
		mounted := map[string]string{}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			assert.True(t, v.ReadOnly, "%s is only read", v.Source)
			_, err := os.Stat(v.Source)
			assert.NoError(t, err)
			mounted[v.Target] = v.Source
		}
		for _, arg := range s.Command {
			if path := named(arg); path != "" {
				source := ""
				for target, from := range mounted {
					if rest, ok := strings.CutPrefix(path, target); ok {
						source = filepath.Join(from, rest)
					}
				}
				require.NotEmpty(t, source, "%s is not mounted", path)
				_, err := os.Stat(source)
				assert.NoError(t, err)
			}
		}
	})
}

// named is the file that an argument names, if it is one that a mount brings.
func named(arg string) string {
	for _, root := range []string{"/etc/loadtrace/", "/plans/"} {
		if i := strings.Index(arg, root); i >= 0 {
			return arg[i:]
		}
	}
	return ""
}

// The file names services by name in URLs of commands and variables; Compose does
// not look there.
func TestAddressesAreThoseOfServices(t *testing.T) {
	services := project(t).Services
	found := 0
	for _, s := range services {
		texts := slices.Clone([]string(s.Command))
		for _, v := range s.Environment {
			if v != nil {
				texts = append(texts, *v)
			}
		}
		for _, text := range texts {
			_, rest, ok := strings.Cut(text, "http://")
			if !ok {
				continue
			}
			host, _, _ := strings.Cut(rest, ":")
			found++
			_, ok = services[host]
			assert.True(t, ok, "%s of %s is not a service", host, s.Name)
		}
	}
	assert.GreaterOrEqual(t, found, 6)
}
