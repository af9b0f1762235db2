package grpcengine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	ghz "github.com/bojand/ghz/runner"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// messages are what an attack sends, in turn.
type messages struct {
	key   string // of the plan, which holds them or names their file
	file  string
	input protoreflect.MessageDescriptor
	types *dynamicpb.Types
	wire  envelopes
	list  []message
}

// message is one of the list: ready, or a template of its JSON.
type message struct {
	ready *token
	text  *template.Template
}

// readMessages encodes the messages of an attack, and tries those that are
// templates with one call.
func readMessages(ctx context.Context, spec *loadgen.GRPC, m method, types *dynamicpb.Types, w envelopes) (messages, error) {
	ms := messages{input: m.desc.Input(), types: types, wire: w}
	if spec.BinaryFile != "" {
		return ms.binary(ctx, spec.BinaryFile)
	}
	ms.key = "grpc.data"
	text := []byte(spec.Data)
	if spec.DataFile != "" {
		ms.key, ms.file = "grpc.data_file", spec.DataFile
		var err error
		if text, err = infile.Read(ctx, spec.DataFile, infile.MaxMessages); err != nil {
			return ms, &pace.KeyError{Key: ms.key, What: err.Error(), Fix: infile.Advice(err)}
		}
		if len(bytes.TrimSpace(text)) == 0 {
			return ms, ms.fault(errors.New("the file is empty"))
		}
	}
	if err := ms.json(text, m); err != nil {
		return ms, ms.fault(err)
	}
	return ms, nil
}

// fault names the key, the file, and the form that the messages must have.
func (ms *messages) fault(err error) error {
	what := err.Error()
	if ms.file != "" {
		what = ms.file + ": " + what
	}
	return &pace.KeyError{
		Key: ms.key, What: what,
		Fix: fmt.Sprintf("write %s as JSON, {} for the empty one, or several as a list [{…}, {…}]; its fields are %s", ms.input.FullName(), form(ms.input, true)),
	}
}

// form lists the fields of a message with their types, as JSON names them, and if deep
// those of messages within it.
func form(m protoreflect.MessageDescriptor, deep bool) string {
	var fields []string
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		kind := f.Kind().String()
		switch {
		case f.IsMap():
			kind = "map"
		case f.Message() != nil && deep && f.Message().ParentFile().Package() == m.ParentFile().Package():
			kind = string(f.Message().Name()) + " {" + form(f.Message(), false) + "}"
		case f.Message() != nil:
			kind = string(f.Message().Name())
		case f.Enum() != nil:
			kind = values(f.Enum())
		}
		if f.IsList() {
			kind = "list of " + kind
		}
		fields = append(fields, f.JSONName()+" ("+kind+")")
	}
	if fields == nil {
		return "none"
	}
	return enumerate(fields)
}

// values lists those of an enum.
func values(e protoreflect.EnumDescriptor) string {
	names := make([]string, e.Values().Len())
	for i := range names {
		names[i] = string(e.Values().Get(i).Name())
	}
	return string(e.Name()) + " of " + enumerate(names)
}

func (ms messages) binary(ctx context.Context, file string) (messages, error) {
	raw, err := infile.Read(ctx, file, infile.MaxMessages)
	if err == nil {
		if e := newLayout(ms.input).check(raw); e != nil {
			err = fmt.Errorf("%s is no encoded %s: %w", file, ms.input.FullName(), e)
		}
	}
	if err != nil {
		return ms, &pace.KeyError{
			Key: "grpc.binary_file", What: err.Error(),
			Fix: "name a file with one message in protobuf's binary encoding, or a file of JSON in data_file",
		}
	}
	ms.list = []message{{ready: ms.wire.seal(raw)}}
	return ms, nil
}

func (ms *messages) json(text []byte, m method) error {
	items, err := split(bytes.TrimSpace(text))
	if err != nil {
		return err
	}
	for i, item := range items {
		one, err := ms.read(item, m)
		if err != nil && len(items) > 1 {
			return fmt.Errorf("message %d: %w", i+1, err)
		}
		if err != nil {
			return err
		}
		ms.list = append(ms.list, one)
	}
	return nil
}

// split takes a list apart. Each element stays as it was written, so that no
// number loses a digit.
func split(text []byte) ([]string, error) {
	if len(text) == 0 {
		return []string{"{}"}, nil
	}
	if text[0] != '[' {
		return []string{string(text)}, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("the list is no valid JSON: %w (template actions in a list stand in quotes, also for numbers)", err)
	}
	if len(list) == 0 {
		return nil, errors.New("the list is empty")
	}
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = string(item)
	}
	return items, nil
}

func (ms *messages) read(text string, m method) (message, error) {
	t, err := newTemplate(text)
	if err != nil {
		return message{}, err
	}
	first, err := ms.fill(t, m.call())
	if err != nil || templated(t) {
		return message{text: t}, err
	}
	return message{ready: first}, nil
}

// at is the n-th message, from the first again after the last.
func (ms *messages) at(n uint64, call *ghz.CallData) (*token, error) {
	one := ms.list[n%uint64(len(ms.list))]
	if one.ready != nil {
		return one.ready, nil
	}
	m, err := ms.fill(one.text, call)
	if err != nil {
		return nil, ms.fault(fmt.Errorf("in call %d: %w", call.RequestNumber, err))
	}
	return m, nil
}

func (ms *messages) fill(t *template.Template, call *ghz.CallData) (*token, error) {
	var text filling
	if err := t.Execute(&text, call); err != nil {
		return nil, templateFault(err)
	}
	m := dynamicpb.NewMessage(ms.input)
	if err := (protojson.UnmarshalOptions{Resolver: ms.types}).Unmarshal(text.Bytes(), m); err != nil {
		return nil, errors.New(plain(err))
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	return ms.wire.seal(raw), nil
}

// plain is an error's text without protobuf's prefix, whose space is now and
// then another character, and with places in words.
func plain(err error) string {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	text = strings.TrimPrefix(text, "proto: ")
	return place.ReplaceAllString(text, "line $1, column $2 of the message: ")
}

// place is where protojson and prototext found a fault.
var place = regexp.MustCompile(`^(?:syntax error )?\(line (\d+):(\d+)\): `)
