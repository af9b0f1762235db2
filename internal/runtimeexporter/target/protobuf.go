package target

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

// readMessage does not pass on what it does not know. A field of the wrong wire
// type is kept as an unknown one otherwise, and then nobody can read the page.
var readMessage = proto.UnmarshalOptions{DiscardUnknown: true}

// readProtobuf reads families, each behind its length. One that cannot be read
// costs itself only, as the next begins where its length ends.
func readProtobuf(ctx context.Context, body io.Reader, want func(string) bool) (familySet, error) {
	all, err := io.ReadAll(body)
	if err != nil {
		return familySet{}, err
	}
	var p familySet
	for i := 1; len(all) > 0; i++ {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		size, n := binary.Uvarint(all)
		if n <= 0 || size > uint64(len(all)-n) {
			p.fail(fmt.Errorf("family %d: has a length beyond the end", i))
			break
		}
		f := &dto.MetricFamily{}
		err := readMessage.Unmarshal(all[n:n+int(size)], f)
		all = all[n+int(size):]
		switch {
		case err != nil:
			p.fail(fmt.Errorf("family %d: %w", i, err))
		case f.GetName() == "":
			p.fail(fmt.Errorf("family %d: has no name", i))
		case want(f.GetName()):
			p.add(f.GetName(), f, nil)
		default:
			p.readable = true
		}
	}
	return p, nil
}
