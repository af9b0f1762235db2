package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// made are the kustomizations, each with the number of its pods' templates.
var made = map[string]int{"base": 2, "overlays/example": 2, "overlays/example/run": 2}

// everywhere calls check with each kustomization. A run is applied onto a platform,
// and is checked with it.
func everywhere(t *testing.T, check func(t *testing.T, c *cluster)) {
	t.Helper()
	for folder, pods := range made {
		t.Run(folder, func(t *testing.T) {
			c, err := build(folder)
			require.NoError(t, err)
			require.Len(t, c.pods(), pods)
			check(t, c)
		})
	}
}

func everyPod(t *testing.T, check func(t *testing.T, c *cluster, name string, pod corev1.PodTemplateSpec)) {
	t.Helper()
	everywhere(t, func(t *testing.T, c *cluster) {
		for name, pod := range c.pods() {
			t.Run(name, func(t *testing.T) { check(t, c, name, pod) })
		}
	})
}

// The rules of the "restricted" standard that the namespace enforces, and a file
// system that cannot be written to.
func TestPodsAreConfined(t *testing.T) {
	everyPod(t, func(t *testing.T, c *cluster, _ string, pod corev1.PodTemplateSpec) {
		s := pod.Spec.SecurityContext
		require.NotNil(t, s)
		assert.True(t, *s.RunAsNonRoot)
		assert.Positive(t, *s.RunAsUser)
		assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, s.SeccompProfile.Type)
		assert.False(t, pod.Spec.HostNetwork || pod.Spec.HostPID || pod.Spec.HostIPC)
		for _, one := range pod.Spec.Containers {
			assert.False(t, *one.SecurityContext.AllowPrivilegeEscalation)
			assert.True(t, *one.SecurityContext.ReadOnlyRootFilesystem)
			assert.Equal(t, []corev1.Capability{"ALL"}, one.SecurityContext.Capabilities.Drop)
		}
		for _, ns := range c.namespaces {
			assert.Equal(t, "restricted", ns.Labels["pod-security.kubernetes.io/enforce"])
		}
	})
}

func TestPodsHaveWhatTheyAskForAndNoMore(t *testing.T) {
	everyPod(t, func(t *testing.T, c *cluster, _ string, pod corev1.PodTemplateSpec) {
		for _, one := range pod.Spec.Containers {
			for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				asked, most := one.Resources.Requests[r], one.Resources.Limits[r]
				assert.False(t, asked.IsZero(), r)
				assert.True(t, asked.Equal(most), "%s is guaranteed", r)
			}
			cpu := one.Resources.Limits[corev1.ResourceCPU]
			assert.Zero(t, cpu.MilliValue()%1000, "whole processors")
			env := maps.Collect(func(yield func(string, string) bool) {
				for _, v := range one.Env {
					yield(v.Name, v.Value)
				}
			})
			memory := one.Resources.Limits[corev1.ResourceMemory]
			var mib float64
			_, err := fmt.Sscanf(env["GOMEMLIMIT"], "%fMiB", &mib)
			require.NoError(t, err, "GOMEMLIMIT of %s", one.Name)
			assert.InDelta(t, 0.88, mib*(1<<20)/memory.AsApproximateFloat64(), 0.03, "the garbage collector knows the limit")
		}
	})
}

func TestWhatPodsNameIsThere(t *testing.T) {
	everyPod(t, func(t *testing.T, c *cluster, name string, pod corev1.PodTemplateSpec) {
		assert.Contains(t, c.accounts, pod.Spec.ServiceAccountName)
		volumes := map[string]bool{}
		for _, v := range pod.Spec.Volumes {
			volumes[v.Name] = true
			if v.ConfigMap != nil {
				assert.Contains(t, c.configMaps, v.ConfigMap.Name)
			}
			if v.Secret != nil {
				assert.Contains(t, c.secrets, v.Secret.SecretName)
				assert.NotNil(t, v.Secret.DefaultMode, "a secret is the group's to read")
			}
		}
		if s := c.statefulSets[name]; s != nil {
			assert.Contains(t, c.services, s.Spec.ServiceName)
			for _, claim := range s.Spec.VolumeClaimTemplates {
				volumes[claim.Name] = true
			}
		}
		for _, one := range pod.Spec.Containers {
			for _, m := range one.VolumeMounts {
				assert.True(t, volumes[m.Name], "volume %s", m.Name)
			}
			_, err := c.variables(&one, fieldsOf(c))
			assert.NoError(t, err)
			for _, probe := range []*corev1.Probe{one.StartupProbe, one.ReadinessProbe, one.LivenessProbe} {
				if probe != nil {
					assert.True(t, hasPort(pod, probe.HTTPGet.Port), "port %s", probe.HTTPGet.Port.String())
				}
			}
		}
		if c.jobs[name] == nil {
			assert.NotNil(t, pod.Spec.Containers[0].ReadinessProbe)
			assert.NotNil(t, pod.Spec.Containers[0].LivenessProbe)
		}
	})
}

// fieldsOf are fields of pods that variables take.
func fieldsOf(c *cluster) map[string]string {
	namespace := ""
	for _, s := range c.accounts {
		namespace = s.Namespace
	}
	return map[string]string{
		"metadata.namespace": namespace,
		"metadata.annotations['batch.kubernetes.io/job-completion-index']": "0",
	}
}

func hasPort(pod corev1.PodTemplateSpec, port intstr.IntOrString) bool {
	for _, one := range pod.Spec.Containers {
		for _, p := range one.Ports {
			if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
				return true
			}
		}
	}
	return false
}

// selected are the pods of a cluster that a selector selects.
func selected(t *testing.T, c *cluster, s *metav1.LabelSelector) (pods []corev1.PodTemplateSpec) {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	require.NoError(t, err)
	for _, pod := range c.pods() {
		if selector.Matches(labels.Set(pod.Labels)) {
			pods = append(pods, pod)
		}
	}
	return pods
}

func TestSelectorsSelectThePodsTheyMean(t *testing.T) {
	everywhere(t, func(t *testing.T, c *cluster) {
		for name, s := range c.statefulSets {
			assert.Len(t, selected(t, c, s.Spec.Selector), 1, name)
			assert.Len(t, selected(t, c, c.budgets[name].Spec.Selector), 1, "the budget of %s", name)
		}
		for name, s := range c.services {
			pods := selected(t, c, &metav1.LabelSelector{MatchLabels: s.Spec.Selector})
			require.Len(t, pods, 1, "service %s", name)
			for _, p := range s.Spec.Ports {
				assert.True(t, hasPort(pods[0], p.TargetPort), "port %s of service %s", p.TargetPort.String(), name)
			}
		}
		for name, b := range c.bindings {
			assert.Contains(t, c.roles, b.RoleRef.Name, name)
			for _, s := range b.Subjects {
				assert.Contains(t, c.accounts, s.Name)
				assert.Equal(t, c.accounts[s.Name].Namespace, s.Namespace)
			}
		}
	})
}

func TestNetworkPoliciesConfineEveryPod(t *testing.T) {
	platform, err := build("base")
	require.NoError(t, err)
	run, err := build("overlays/example/run")
	require.NoError(t, err)
	all := *platform
	all.jobs = run.jobs

	named := 0
	for name, p := range all.policies {
		pods := selected(t, &all, &p.Spec.PodSelector)
		assert.NotEmpty(t, pods, "%s is about a pod", name)
		for _, in := range p.Spec.Ingress {
			for _, port := range in.Ports {
				for _, pod := range pods {
					assert.True(t, hasPort(pod, *port.Port), "%s: port %s", name, port.Port.String())
					named++
				}
			}
			for _, from := range in.From {
				if from.NamespaceSelector == nil {
					assert.NotEmpty(t, selected(t, &all, from.PodSelector), "%s lets somebody in that is not there", name)
				}
			}
		}
		for _, out := range p.Spec.Egress {
			for _, to := range out.To {
				if to.NamespaceSelector == nil {
					assert.NotEmpty(t, selected(t, &all, to.PodSelector), "%s lets pods out to somebody that is not there", name)
				}
			}
		}
	}
	assert.Positive(t, named)
	everything := all.policies["loadtrace-default"]
	assert.Empty(t, everything.Spec.Ingress, "nobody is let in by default")
	assert.Empty(t, everything.Spec.PodSelector.MatchLabels)
	assert.Len(t, everything.Spec.PolicyTypes, 2)
}

// The gateway fans samples out to every join by name: to a join without an exporter
// they would not come, and a name without a join would be waited for.
func TestTheGatewayKnowsEveryJoin(t *testing.T) {
	for _, folder := range []string{"base", "overlays/example"} {
		c, err := build(folder)
		require.NoError(t, err)
		join := c.statefulSets["loadtrace-join"]
		gateway := c.statefulSets["loadtrace-gateway"].Spec.Template.Spec.Containers[0]
		env, err := c.variables(&gateway, fieldsOf(c))
		require.NoError(t, err)

		service := c.services[join.Spec.ServiceName]
		assert.Equal(t, "None", service.Spec.ClusterIP, "the joins have names")
		assert.Equal(t, service.Name+"."+join.Namespace, env["JOINS"])
		for i := range *join.Spec.Replicas {
			want := fmt.Sprintf("%s-%d.%s.%s:%d", join.Name, i, service.Name, join.Namespace, service.Spec.Ports[0].Port)
			assert.Equal(t, want, env[fmt.Sprintf("JOIN_%d", i)])
		}
		conf := parse(t, c.configMaps[configOf(t, c, "loadtrace-gateway")].Data["gateway.yaml"])
		metrics := conf["service"].(object)["pipelines"].(object)["metrics"].(object)["exporters"].([]any)
		joins := slices.DeleteFunc(slices.Clone(metrics), func(e any) bool { return !strings.HasPrefix(e.(string), "otlp_grpc/join_") })
		assert.Len(t, joins, int(*join.Spec.Replicas), "an exporter for each join")
	}
}

// configOf is the config map of a workload's configuration.
func configOf(t *testing.T, c *cluster, name string) string {
	t.Helper()
	for _, v := range c.statefulSets[name].Spec.Template.Spec.Volumes {
		if v.ConfigMap != nil {
			return v.ConfigMap.Name
		}
	}
	t.Fatalf("%s has no configuration", name)
	return ""
}

func TestAnOverlaysImagesArePinned(t *testing.T) {
	for _, folder := range []string{"overlays/example", "overlays/example/run"} {
		c, err := build(folder)
		require.NoError(t, err)
		for name, pod := range c.pods() {
			assert.Regexp(t, `^registry\.example\.com/loadtrace:\d+\.\d+\.\d+$`, pod.Spec.Containers[0].Image, name)
		}
	}
}
