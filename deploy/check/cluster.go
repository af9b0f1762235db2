package check

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// cluster is what a kustomization makes, by kind and name.
type cluster struct {
	namespaces   map[string]*corev1.Namespace
	configMaps   map[string]*corev1.ConfigMap
	secrets      map[string]*corev1.Secret
	services     map[string]*corev1.Service
	accounts     map[string]*corev1.ServiceAccount
	statefulSets map[string]*appsv1.StatefulSet
	jobs         map[string]*batchv1.Job
	budgets      map[string]*policyv1.PodDisruptionBudget
	policies     map[string]*networkingv1.NetworkPolicy
	roles        map[string]*rbacv1.Role
	bindings     map[string]*rbacv1.RoleBinding
}

// build makes a kustomization of ../kubernetes, and decodes what comes out against
// the types of Kubernetes. A field that they do not have is an error, and so is a
// kind that is not known here.
func build(folder string) (*cluster, error) {
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../kubernetes/"+folder)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", folder, err)
	}
	c := &cluster{}
	for _, r := range made.Resources() {
		src, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		if err := c.decode(r.GetKind(), r.GetName(), src); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.GetKind(), r.GetName(), err)
		}
	}
	return c, nil
}

func (c *cluster) decode(kind, name string, src []byte) error {
	switch kind {
	case "Namespace":
		return strict(&c.namespaces, name, src)
	case "ConfigMap":
		return strict(&c.configMaps, name, src)
	case "Secret":
		return strict(&c.secrets, name, src)
	case "Service":
		return strict(&c.services, name, src)
	case "ServiceAccount":
		return strict(&c.accounts, name, src)
	case "StatefulSet":
		return strict(&c.statefulSets, name, src)
	case "Job":
		return strict(&c.jobs, name, src)
	case "PodDisruptionBudget":
		return strict(&c.budgets, name, src)
	case "NetworkPolicy":
		return strict(&c.policies, name, src)
	case "Role":
		return strict(&c.roles, name, src)
	case "RoleBinding":
		return strict(&c.bindings, name, src)
	}
	return fmt.Errorf("the kind is not known to these checks")
}

func strict[T any](into *map[string]*T, name string, src []byte) error {
	object := new(T)
	if err := yaml.UnmarshalStrict(src, object); err != nil {
		return err
	}
	if *into == nil {
		*into = map[string]*T{}
	}
	(*into)[name] = object
	return nil
}

// pods are the templates of everything that makes pods, by name.
func (c *cluster) pods() map[string]corev1.PodTemplateSpec {
	pods := map[string]corev1.PodTemplateSpec{}
	for name, s := range c.statefulSets {
		pods[name] = s.Spec.Template
	}
	for name, j := range c.jobs {
		pods[name] = j.Spec.Template
	}
	return pods
}

// variables are the environment of a container as the kubelet makes it: config
// maps, values, and what they refer to of each other. Fields of the pod are asked of
// fields.
func (c *cluster) variables(container *corev1.Container, fields map[string]string) (map[string]string, error) {
	env := map[string]string{}
	for _, from := range container.EnvFrom {
		m, ok := c.configMaps[from.ConfigMapRef.Name]
		if !ok {
			return nil, fmt.Errorf("there is no config map %s", from.ConfigMapRef.Name)
		}
		for k, v := range m.Data {
			env[k] = v
		}
	}
	for _, v := range container.Env {
		value := v.Value
		switch from := v.ValueFrom; {
		case from == nil:
		case from.FieldRef != nil:
			known, ok := fields[from.FieldRef.FieldPath]
			if !ok {
				return nil, fmt.Errorf("%s: the field %s is not known to these checks", v.Name, from.FieldRef.FieldPath)
			}
			value = known
		case from.ConfigMapKeyRef != nil:
			m, ok := c.configMaps[from.ConfigMapKeyRef.Name]
			if !ok || m.Data[from.ConfigMapKeyRef.Key] == "" {
				return nil, fmt.Errorf("%s: there is no %s in config map %s", v.Name, from.ConfigMapKeyRef.Key, from.ConfigMapKeyRef.Name)
			}
			value = m.Data[from.ConfigMapKeyRef.Key]
		}
		env[v.Name] = expand(value, env)
	}
	return env, nil
}

// expand replaces $(NAME), as the kubelet does.
func expand(text string, env map[string]string) string {
	for name, value := range env {
		text = strings.ReplaceAll(text, "$("+name+")", value)
	}
	return text
}
