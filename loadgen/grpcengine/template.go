package grpcengine

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	ghz "github.com/bojand/ghz/runner"
	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func newTemplate(text string) (*template.Template, error) {
	t, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, templateFault(err)
	}
	return t, nil
}

// templateFault says in words where text/template found a fault. Its column, which it
// counts in bytes from 0, is of a fault that a call brought to light.
func templateFault(err error) error {
	at := inTemplate.FindStringSubmatch(err.Error())
	if at == nil {
		return err
	}
	line, column, action, what := at[1], at[2], at[3], at[4]
	where := "the template at line " + line
	if n, err := strconv.Atoi(column); err == nil {
		where += fmt.Sprintf(", column %d", n+1)
	}
	if action != "" {
		where += ", {{" + action + "}}"
	}
	if field := noVariable.FindStringSubmatch(what); field != nil {
		what = fmt.Sprintf("there is no variable .%s; there are %s", field[1], strings.Join(variables(), ", "))
	}
	return fmt.Errorf("%s: %s", where, what)
}

var (
	inTemplate = regexp.MustCompile(`(?s)^template: [^:]*:(\d+)(?::(\d+))?: (?:executing "[^"]*" at <(.*?)>: )?(.*)$`)
	noVariable = regexp.MustCompile(`^can't evaluate field (\w+) in type \*runner\.CallData$`)
)

// variables are what a template may ask of a call.
func variables() []string {
	var names []string
	for f := range reflect.TypeFor[ghz.CallData]().Fields() {
		if f.IsExported() {
			names = append(names, "."+f.Name)
		}
	}
	return names
}

// templated reports whether anything in a template changes from call to call.
func templated(t *template.Template) bool {
	if t.Tree == nil {
		return false
	}
	for _, n := range t.Root.Nodes {
		if n.Type() != parse.NodeText {
			return true
		}
	}
	return false
}

// describe sets what a template may ask of a call to what the method is really
// like; ghz knows our description of it.
func (m method) describe(call *ghz.CallData) {
	call.InputName = string(m.desc.Input().Name())
	call.OutputName = string(m.desc.Output().Name())
	call.IsClientStreaming, call.IsServerStreaming = m.client, m.server
}

// call is call data like ghz's, of call 0, to try templates with.
func (m method) call() *ghz.CallData {
	call := callOf(string(m.owner()), m.name())
	m.describe(call)
	return call
}

// callOf is the data of call 0 of a method of which no more is known than its name.
func callOf(service, name string) *ghz.CallData {
	call := &ghz.CallData{
		WorkerID: "g0c0", FullyQualifiedName: service + "." + name,
		MethodName: name, ServiceName: string(protoreflect.FullName(service).Name()), UUID: uuid.NewString(),
	}
	return call.Regenerate()
}
