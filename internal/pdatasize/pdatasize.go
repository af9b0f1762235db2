// Package pdatasize estimates what telemetry takes in memory, in bytes, for everything
// that holds some of it within a budget. Every part of variable length counts, at any
// depth; what is fixed counts with the size of pdata's structs, their pointers and the
// allocator's classes, as measured (see the tests).
package pdatasize

import "go.opentelemetry.io/collector/pdata/pcommon"

const (
	attributeBytes = 88
	valueBytes     = 64  // an element of a list
	resourceBytes  = 160 // with its scope's struct
)

// Map returns the size of attributes.
func Map(m pcommon.Map) (n int) {
	for k, v := range m.All() {
		n += attributeBytes + len(k)
		if v.Type() == pcommon.ValueTypeStr { // most are
			n += len(v.Str())
		} else {
			n += content(v)
		}
	}
	return n
}

// content of a value, beside the value itself.
func content(v pcommon.Value) (n int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return len(v.Str())
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len()
	case pcommon.ValueTypeMap:
		return Map(v.Map())
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			n += valueBytes + content(e)
		}
	}
	return n
}

func resource(r pcommon.Resource, schema string) int {
	return resourceBytes + len(schema) + Map(r.Attributes())
}

func scope(s pcommon.InstrumentationScope, schema string) int {
	return resourceBytes + len(schema) + len(s.Name()) + len(s.Version()) + Map(s.Attributes())
}
