package planfile

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/internal/spelling"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
)

// decodePlan fills a plan from its tree. It returns the zeros that stand in the
// tree in so many words.
func decodePlan(plan *loadgen.Plan, root *node, faults *faults) zeros {
	d := &decoder{faults: faults}
	d.value(reflect.ValueOf(plan).Elem(), root, "")
	return d.zeros
}

type decoder struct {
	faults *faults
	zeros  zeros
}

// zeros are values that the source gives and that are zero. In the plan's types
// zero means the default: where the default is something else, such a value
// would silently become another.
type zeros []zero

type zero struct {
	node *node
	path string
	dst  reflect.Value
}

// check reports the zeros that have become something else by now.
func (z zeros) check(faults *faults) {
	for _, z := range z {
		if z.dst.IsZero() {
			continue
		}
		what, fix := z.node.text, "leave the key out for the default, "+shown(z.dst)
		if z.dst.Kind() == reflect.String {
			what = "an empty text"
		} else {
			fix += ", or write more than 0"
		}
		faults.at(z.node.place, z.path, what+" is not possible", fix)
	}
}

// value decodes n into dst. Nothing leaves dst as it is.
func (d *decoder) value(dst reflect.Value, n *node, path string) {
	if n.kind == null {
		return
	}
	switch dst.Kind() {
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		d.value(dst.Elem(), n, path)
	case reflect.Struct:
		d.object(dst, n, path)
	case reflect.Slice:
		d.list(dst, n, path)
	case reflect.Map:
		d.texts(dst, n, path)
	default:
		d.scalar(dst, n, path)
	}
}

// is reports a value that has not the shape that its key takes.
func (d *decoder) is(n *node, want kind, path string) bool {
	if n.kind == want {
		return true
	}
	what := "is " + n.kind.String()
	if path == "" {
		what = "the plan " + what
	}
	d.faults.kill(n.place, path, what, "write "+want.String())
	return false
}

func (d *decoder) object(dst reflect.Value, n *node, path string) {
	if !d.is(n, mapping, path) {
		return
	}
	t := dst.Type()
	for _, e := range n.entries {
		if f, ok := fieldOf(t, e.key); ok {
			d.value(dst.Field(f.index), e.value, join(path, e.key))
		} else {
			d.unknown(t, e, path)
		}
	}
	for _, f := range fieldsOf(t) {
		// Texts and lists that are required are Validate's to miss.
		if v := n.get(f.key); !f.optional && isNumber(dst.Field(f.index).Type()) && (v == nil || v.kind == null) {
			d.faults.kill(n.place, join(path, f.key), "is missing", "write "+example(dst.Field(f.index).Type(), f.key))
		}
	}
}

func (d *decoder) unknown(t reflect.Type, e keyValue, path string) {
	key := join(path, utf8text.Clip(e.key))
	if near, ok := spelling.Nearest(e.key, knownKeys(t)); ok {
		d.faults.kill(e.at, key, "unknown key", "did you mean "+near+"?")
		d.faults.dead = append(d.faults.dead, join(path, near))
		return
	}
	d.faults.at(e.at, key, "unknown key", "the keys here are "+strings.Join(knownKeys(t), ", "))
}

func (d *decoder) list(dst reflect.Value, n *node, path string) {
	if !d.is(n, sequence, path) {
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(n.entries), len(n.entries)))
	for i, e := range n.entries {
		d.value(dst.Index(i), e.value, item(path, i))
	}
}

// texts decodes a mapping of words to texts.
func (d *decoder) texts(dst reflect.Value, n *node, path string) {
	if !d.is(n, mapping, path) {
		return
	}
	m := make(map[string]string, len(n.entries))
	for _, e := range n.entries {
		key := join(path, utf8text.Clip(e.key))
		switch e.value.kind {
		case null:
			if !d.faults.follows(key) { // a variable that is not set has been reported
				d.faults.kill(e.at, key, "has no value", `write "" for an empty one`)
			}
		case scalar:
			m[e.key] = e.value.text
		default:
			d.is(e.value, scalar, key)
		}
	}
	if len(m) > 0 {
		dst.Set(reflect.ValueOf(m))
	}
}

func (d *decoder) scalar(dst reflect.Value, n *node, path string) {
	if (n.kind == mapping || n.kind == sequence) && strings.HasSuffix(path, ".grpc.data") {
		dst.SetString(jsonOf(n))
		return
	}
	if !d.is(n, scalar, path) {
		return
	}
	if err := setScalar(dst, n); err != nil {
		d.faults.kill(n.place, path, err.what, err.fix)
		return
	}
	if !dst.IsZero() {
		return
	}
	if dst.Type() == rateType && strings.HasSuffix(path, ".constant") {
		d.faults.kill(n.place, path, n.text+" sends nothing", "write a rate above 0, or leave the stage out")
		return
	}
	d.zeros = append(d.zeros, zero{n, path, dst})
}

func setScalar(dst reflect.Value, n *node) *misread {
	switch dst.Type() {
	case durationType:
		v, err := parseDuration(n.text)
		dst.SetInt(int64(v))
		return err
	case rateType:
		v, err := parseRate(n.text)
		dst.SetFloat(float64(v))
		return err
	case bytesType:
		v, err := parseBytes(n.text)
		dst.SetInt(int64(v))
		return err
	}
	if dst.Kind() == reflect.String {
		dst.SetString(n.text)
		return nil
	}
	if n.quoted {
		return &misread{quote(n.text) + " is a text", "write " + example(dst.Type(), "") + " without quotes"}
	}
	return setPlain(dst, n.text)
}

// setPlain sets a boolean or a number without a unit.
func setPlain(dst reflect.Value, text string) *misread {
	switch dst.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return &misread{quote(text) + " is neither true nor false", "write true or false"}
		}
		dst.SetBool(text == "true")
	case reflect.Int:
		v, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return &misread{quote(text) + fmt.Sprintf(" is not a whole number up to %d", math.MaxInt32), "write one such as 10"}
		}
		dst.SetInt(v)
	case reflect.Uint64:
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return &misread{quote(text) + " is not a whole number from 0 up", "write one such as 1000"}
		}
		dst.SetUint(v)
	default:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !number.MatchString(text) {
			return &misread{quote(text) + " is not a number", "write one such as 90 or 0.5"}
		}
		dst.SetFloat(v)
	}
	return nil
}

func isNumber(t reflect.Type) bool {
	return t.Kind() == reflect.Int || t.Kind() == reflect.Int64 || t.Kind() == reflect.Float64 || t.Kind() == reflect.Uint64
}

// example is what a value of a type may look like.
func example(t reflect.Type, key string) string {
	var v string
	switch {
	case t == durationType:
		v = "30s"
	case t == rateType:
		v = "500/s"
	case t == bytesType:
		v = "64MiB"
	case t.Kind() == reflect.Bool:
		v = "true or false"
	default:
		v = "10"
	}
	if key == "" {
		return v
	}
	return key + ": " + v
}
