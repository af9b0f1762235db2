package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-operator/pkg/constants"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// The operator's module is needed for its schema alone, which is no Go package:
// this use of one keeps it in go.mod.
var _ = constants.EnvOTELServiceName

// schema is that of an OpenTelemetryCollector of v1beta1, from the operator's own
// resource definition, without tolerance for what it does not know.
func schema(t *testing.T) *spec.Schema {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-telemetry/opentelemetry-operator").Output()
	require.NoError(t, err)
	src, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "config/crd/bases/opentelemetry.io_opentelemetrycollectors.yaml"))
	require.NoError(t, err)
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema object }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(src, &definition))
	for _, v := range definition.Spec.Versions {
		if v.Name == "v1beta1" {
			refuseUnknown(v.Schema.OpenAPIV3Schema)
			v.Schema.OpenAPIV3Schema["properties"].(object)["metadata"] = object{"type": "object"}
			src, err := json.Marshal(v.Schema.OpenAPIV3Schema)
			require.NoError(t, err)
			s := new(spec.Schema)
			require.NoError(t, json.Unmarshal(src, s))
			return s
		}
	}
	t.Fatal("the operator has no v1beta1")
	return nil
}

// refuseUnknown has every object of a schema refuse what is none of its properties, as the
// API server would drop it.
func refuseUnknown(schema object) {
	if properties, ok := schema["properties"].(object); ok {
		if schema["x-kubernetes-preserve-unknown-fields"] != true && schema["additionalProperties"] == nil {
			schema["additionalProperties"] = false
		}
		for _, p := range properties {
			refuseUnknown(p.(object))
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if below, ok := schema[key].(object); ok {
			refuseUnknown(below)
		}
	}
}

// collectors are the operator's resources, by name.
func collectors(t *testing.T) map[string]object {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../kubernetes/operator")
	require.NoError(t, err)
	out, others := map[string]object{}, &cluster{}
	for _, r := range made.Resources() {
		src, err := r.AsYAML()
		require.NoError(t, err)
		if r.GetKind() == "OpenTelemetryCollector" {
			out[r.GetName()] = parse(t, string(src))
			continue
		}
		require.NoError(t, others.decode(r.GetKind(), r.GetName(), src))
	}
	require.Len(t, out, 2)
	return out
}

func TestTheOperatorsResourcesKeepToItsSchema(t *testing.T) {
	s := schema(t)
	for name, c := range collectors(t) {
		result := validate.NewSchemaValidator(s, nil, "", strfmt.Default).Validate(c)
		assert.NoError(t, result.AsError(), name)
	}
	wrong := collectors(t)["loadtrace-join"]
	wrong["spec"].(object)["replica"] = 2
	assert.Error(t, validate.NewSchemaValidator(s, nil, "", strfmt.Default).Validate(wrong).AsError(), "a slip is found")
}

func TestTheOperatorRunsTheSameConfigurations(t *testing.T) {
	binary := distribution(t)
	for name, c := range collectors(t) {
		file := strings.TrimPrefix(name, "loadtrace-") + ".yaml"
		src, err := os.ReadFile("../collector/" + file)
		require.NoError(t, err)
		config := c["spec"].(object)["config"].(object)
		assert.Equal(t, parse(t, string(src)), config, "%s differs from deploy/collector/%[1]s", file)

		text, err := yaml.Marshal(config)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), file)
		require.NoError(t, os.WriteFile(path, text, 0o600))
		var env []string
		for _, v := range c["spec"].(object)["env"].([]any) {
			if v := v.(object); v["name"] != "QUEUE" {
				env = append(env, fmt.Sprint(v["name"], "=", v["value"]))
			}
		}
		valid(t, binary, path, env...)
	}
}

// The operator makes a StatefulSet and a headless service whose names end in
// -collector and -collector-headless.
func TestTheOperatorsGatewayKnowsEveryJoin(t *testing.T) {
	all := collectors(t)
	join, gateway := all["loadtrace-join"]["spec"].(object), all["loadtrace-gateway"]["spec"].(object)
	assert.Equal(t, "loadtrace-join-collector-headless", join["serviceName"])
	env := map[any]any{}
	for _, v := range gateway["env"].([]any) {
		env[v.(object)["name"]] = v.(object)["value"]
	}
	assert.Equal(t, "loadtrace-join-collector-headless.loadtrace", env["JOINS"])
	replicas := int(join["replicas"].(float64))
	for i := range replicas {
		assert.Equal(t, fmt.Sprintf("loadtrace-join-collector-%d.%s:4317", i, env["JOINS"]), env[fmt.Sprint("JOIN_", i)])
	}
	src, err := yaml.Marshal(gateway["config"].(object)["exporters"])
	require.NoError(t, err)
	assert.Equal(t, replicas, bytes.Count(src, []byte("otlp_grpc/join_")))
}
