package grpcengine

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// kind is which sides of a method stream.
type kind struct{ client, server bool }

// sends reports whether the client sends a stream.
func (k kind) sends() bool { return k.client }

// streams reports whether either side does.
func (k kind) streams() bool { return k.client || k.server }

// method is what is called.
type method struct {
	kind
	desc protoreflect.MethodDescriptor
}

func newMethod(d protoreflect.MethodDescriptor) method {
	return method{kind: kind{client: d.IsStreamingClient(), server: d.IsStreamingServer()}, desc: d}
}

func (m method) owner() protoreflect.FullName { return m.desc.Parent().FullName() }
func (m method) service() string              { return string(m.owner().Name()) }
func (m method) pkg() string                  { return string(m.owner().Parent()) }
func (m method) name() string                 { return string(m.desc.Name()) }
func (m method) path() string                 { return string(m.owner()) + "/" + m.name() }

// scoped is the full name of a type in the method's package, as descriptors
// refer to it.
func (m method) scoped(name string) string {
	if p := m.pkg(); p != "" {
		return "." + p + "." + name
	}
	return "." + name
}

// splitMethod takes package.Service/Method apart. A dot instead of the slash and
// a slash in front will do too.
func splitMethod(s string) (service, name string, ok bool) {
	s = strings.TrimLeft(s, "./")
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		i = strings.LastIndexByte(s, '.')
	}
	if i < 0 {
		return "", "", false
	}
	service, name = s[:i], s[i+1:]
	return service, name, protoreflect.FullName(service).IsValid() && protoreflect.Name(name).IsValid()
}
