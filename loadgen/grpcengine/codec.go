package grpcengine

import (
	"fmt"

	"github.com/jhump/protoreflect/desc"    //lint:ignore SA1019 ghz is made of it
	"github.com/jhump/protoreflect/dynamic" //lint:ignore SA1019 ghz is made of it
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// token is what ghz passes on where there is a message.
type token = dynamic.Message

// envelopes is how a method is described to ghz: by its path and with messages that
// stand for those on the wire. What is sent is an envelope with the bytes of the
// message; what comes back is a receipt with their number.
type envelopes struct {
	set      []byte // FileDescriptorSet
	envelope *desc.MessageDescriptor
}

// The one field of both an envelope and a receipt.
const content = 1

func newEnvelopes(m method) (envelopes, error) {
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("loadtrace.proto"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			holder("LoadtraceEnvelope", descriptorpb.FieldDescriptorProto_TYPE_BYTES),
			holder("LoadtraceReceipt", descriptorpb.FieldDescriptorProto_TYPE_UINT64),
		},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String(m.service()),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name:            proto.String(m.name()),
				InputType:       proto.String(m.scoped("LoadtraceEnvelope")),
				OutputType:      proto.String(m.scoped("LoadtraceReceipt")),
				ClientStreaming: proto.Bool(m.sends()),
				ServerStreaming: proto.Bool(true),
			}},
		}},
	}
	if p := m.pkg(); p != "" {
		file.Package = proto.String(p)
	}
	fd, err := desc.CreateFileDescriptor(file)
	if err != nil {
		return envelopes{}, fmt.Errorf("describe %s: %w", m.path(), err)
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
	return envelopes{set: set, envelope: fd.GetMessageTypes()[0]}, err
}

func holder(name string, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.DescriptorProto {
	return &descriptorpb.DescriptorProto{
		Name: proto.String(name),
		Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("content"), Number: proto.Int32(content), Type: kind.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}},
	}
}

func (w envelopes) seal(message []byte) *token {
	m := dynamic.NewMessage(w.envelope)
	m.SetFieldByNumber(content, message)
	return m
}

// letter is the bytes in an envelope.
func letter(envelope *token) []byte {
	b, _ := envelope.GetFieldByNumber(content).([]byte)
	return b
}

// codec opens envelopes, and writes receipts of messages that a client could read.
type codec struct{ output *layout }

// Name implements encoding.CodecV2.
func (codec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*token)
	if !ok {
		return nil, fmt.Errorf("%T is not an envelope", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(letter(m))}, nil
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*token)
	if !ok {
		return fmt.Errorf("%T is not a receipt", v)
	}
	if err := c.readable(data); err != nil {
		return err
	}
	return m.TrySetFieldByNumber(content, uint64(data.Len()))
}

// readable reports why a client could not read a message.
func (c codec) readable(data mem.BufferSlice) error {
	if len(data) == 1 {
		return c.output.check(data[0].ReadOnlyData())
	}
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	return c.output.check(whole.ReadOnlyData())
}

// receipt is the size of a message received.
func receipt(m *token) int64 {
	n, _ := m.GetFieldByNumber(content).(uint64)
	return int64(n)
}
