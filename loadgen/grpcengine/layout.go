package grpcengine

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// layout is how the messages of a type are encoded. By it a message received is checked
// as a client's decoder would, without being decoded: what a client cannot read is no
// answer, whatever status follows.
//
// Subtle: a decoder of google.golang.org/protobuf's dynamic messages would do the same at
// many times the cost, and panics at some bytes: an entry of a map that has its key twice,
// the second of another wire type.
//
// Reference: https://protobuf.dev/programming-guides/encoding. As in decoders, a known
// field with another wire type counts as an unknown one.
type layout struct {
	name   protoreflect.FullName
	small  [16]*slot // by number, of the fields whose tag is one byte
	others map[protowire.Number]*slot
	// required are fields without which a message is none, the first 64 of them. A decoder
	// adds up what comes of them in parts; that no encoder sends.
	required []protoreflect.Name
}

// slot is a field of a layout.
type slot struct {
	name  protoreflect.Name
	wire  protowire.Type
	list  bool    // of scalars, which may be packed
	text  bool    // must be UTF-8
	inner *layout // of a message or a group
	need  uint64  // its bit among those required
}

// newLayout is the layout of a message and of all that it holds.
func newLayout(m protoreflect.MessageDescriptor) *layout {
	return layoutOf(m, map[protoreflect.FullName]*layout{})
}

func layoutOf(m protoreflect.MessageDescriptor, known map[protoreflect.FullName]*layout) *layout {
	if l := known[m.FullName()]; l != nil {
		return l
	}
	l := &layout{name: m.FullName(), others: map[protowire.Number]*slot{}}
	known[m.FullName()] = l
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		s := &slot{name: f.Name(), wire: wireTypes[f.Kind()], list: f.IsList() && packable(f.Kind()), text: enforcesUTF8(f)}
		if inner := f.Message(); inner != nil {
			s.inner = layoutOf(inner, known)
		}
		if f.Cardinality() == protoreflect.Required && len(l.required) < 64 {
			s.need = 1 << len(l.required)
			l.required = append(l.required, f.Name())
		}
		if n := f.Number(); int(n) < len(l.small) {
			l.small[n] = s
		} else {
			l.others[n] = s
		}
	}
	return l
}

// wireTypes are those of the kinds of fields, where a value stands by itself.
var wireTypes = map[protoreflect.Kind]protowire.Type{
	protoreflect.BoolKind: protowire.VarintType, protoreflect.EnumKind: protowire.VarintType,
	protoreflect.Int32Kind: protowire.VarintType, protoreflect.Sint32Kind: protowire.VarintType, protoreflect.Uint32Kind: protowire.VarintType,
	protoreflect.Int64Kind: protowire.VarintType, protoreflect.Sint64Kind: protowire.VarintType, protoreflect.Uint64Kind: protowire.VarintType,
	protoreflect.Sfixed32Kind: protowire.Fixed32Type, protoreflect.Fixed32Kind: protowire.Fixed32Type, protoreflect.FloatKind: protowire.Fixed32Type,
	protoreflect.Sfixed64Kind: protowire.Fixed64Type, protoreflect.Fixed64Kind: protowire.Fixed64Type, protoreflect.DoubleKind: protowire.Fixed64Type,
	protoreflect.StringKind: protowire.BytesType, protoreflect.BytesKind: protowire.BytesType,
	protoreflect.MessageKind: protowire.BytesType, protoreflect.GroupKind: protowire.StartGroupType,
}

func packable(k protoreflect.Kind) bool {
	w := wireTypes[k]
	return w != protowire.BytesType && w != protowire.StartGroupType
}

// enforcesUTF8 reports whether decoders refuse a text that is not UTF-8: those of proto3
// do, those of proto2 do not, and editions say it.
func enforcesUTF8(f protoreflect.FieldDescriptor) bool {
	if f.Kind() != protoreflect.StringKind {
		return false
	}
	if e, ok := f.(interface{ EnforceUTF8() bool }); ok {
		return e.EnforceUTF8()
	}
	return f.Syntax() == protoreflect.Proto3
}

// check reports why a client could not read a message.
func (l *layout) check(b []byte) error {
	_, err := l.walk(b, 0, protowire.DefaultRecursionLimit)
	return err
}

var (
	errDepth = errors.New("it is nested too deeply")
	errUTF8  = errors.New("its text is not UTF-8")
)

// walk goes through a message, or a group up to its end, of which it returns the length.
func (l *layout) walk(b []byte, group protowire.Number, depth int) (int, error) {
	if depth == 0 {
		return 0, l.fault(nil, errDepth)
	}
	whole, has := len(b), uint64(0)
	for len(b) > 0 {
		n, t, size := protowire.ConsumeTag(b)
		if size < 0 {
			return 0, l.fault(nil, protowire.ParseError(size))
		}
		if n > protowire.MaxValidNumber {
			return 0, l.fault(nil, fmt.Errorf("there is no field %d", n))
		}
		b = b[size:]
		if t == protowire.EndGroupType && n == group {
			return whole - len(b), l.lacks(has)
		}
		s := l.slot(n)
		size, err := s.walk(b, n, t, depth)
		if err != nil {
			return 0, l.fault(s, err)
		}
		if b = b[size:]; s != nil && t == s.wire {
			has |= s.need
		}
	}
	if group != 0 {
		return 0, l.fault(nil, errors.New("a group has no end"))
	}
	return whole, l.lacks(has)
}

// lacks is the fault of a message without one of the required fields.
func (l *layout) lacks(has uint64) error {
	for i, name := range l.required {
		if has&(1<<i) == 0 {
			return l.fault(nil, fmt.Errorf("it lacks %s, which is required", name))
		}
	}
	return nil
}

func (l *layout) slot(n protowire.Number) *slot {
	if int(n) < len(l.small) {
		return l.small[n]
	}
	return l.others[n]
}

// walk goes through a value and returns its length. The slot is nil for a field that is
// not known.
func (s *slot) walk(b []byte, n protowire.Number, t protowire.Type, depth int) (int, error) {
	switch {
	case s != nil && t == s.wire && t == protowire.BytesType:
		v, size := protowire.ConsumeBytes(b)
		if size < 0 {
			return 0, protowire.ParseError(size)
		}
		if s.text && !utf8.Valid(v) {
			return 0, errUTF8
		}
		if s.inner != nil {
			if _, err := s.inner.walk(v, 0, depth-1); err != nil {
				return 0, err
			}
		}
		return size, nil
	case s != nil && t == s.wire && t == protowire.StartGroupType:
		return s.inner.walk(b, n, depth-1)
	case s != nil && s.list && t == protowire.BytesType:
		v, size := protowire.ConsumeBytes(b)
		if size < 0 {
			return 0, protowire.ParseError(size)
		}
		return size, packed(v, s.wire)
	}
	size := protowire.ConsumeFieldValue(n, t, b)
	if size < 0 {
		return 0, protowire.ParseError(size)
	}
	return size, nil
}

// packed goes through scalars in a row.
func packed(b []byte, t protowire.Type) error {
	for len(b) > 0 {
		size := protowire.ConsumeFieldValue(1, t, b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
	}
	return nil
}

// unreadable is the innermost fault of a message.
type unreadable struct {
	at    string
	cause error
}

func (u *unreadable) Error() string { return u.at + ": " + u.cause.Error() }
func (u *unreadable) Unwrap() error { return u.cause }

func (l *layout) fault(s *slot, err error) error {
	if u, ok := errors.AsType[*unreadable](err); ok {
		return u
	}
	at := string(l.name)
	if s != nil {
		at += "." + string(s.name)
	}
	return &unreadable{at, err}
}
