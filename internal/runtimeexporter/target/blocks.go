package target

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// dialect is one of the two text forms of metrics.
type dialect struct {
	// suffixes are those that series of a type may add to the family's name.
	suffixes map[model.MetricType][]string
	// added is what the name of a family has in protobuf beside the declared one.
	added map[model.MetricType]string
	end   string // what a text of one family needs at its end
}

var prometheusText = dialect{suffixes: map[model.MetricType][]string{
	model.MetricTypeCounter:   {""},
	model.MetricTypeGauge:     {""},
	model.MetricTypeHistogram: {"_bucket", "_sum", "_count"},
	model.MetricTypeSummary:   {"", "_sum", "_count"},
}}

var openMetricsText = dialect{
	suffixes: map[model.MetricType][]string{
		model.MetricTypeCounter:   {"_total", "_created"},
		model.MetricTypeHistogram: {"_bucket", "_sum", "_count", "_created"},
		model.MetricTypeSummary:   {"", "_sum", "_count", "_created"},
		model.MetricTypeInfo:      {"_info"},
		model.MetricTypeGauge:     {""},
		model.MetricTypeStateset:  {""},
	},
	added: map[model.MetricType]string{model.MetricTypeCounter: "_total", model.MetricTypeInfo: "_info"},
	end:   "# EOF\n",
}

// block is the text of one family: its description and its series, wherever
// they stood. A name that is declared with two types has two blocks.
type block struct {
	name string // as declared
	kind model.MetricType
	text []byte
	// described are the keywords that text has already; a parser takes one of each.
	described map[string]bool
	series    int
}

// family is the name of the family as the protobuf form has it.
func (b *block) family(d dialect) string { return b.name + d.added[b.kind] }

// blocks splits a text by families, so that a fault costs only the family that
// has it. Lines that belong to none are left out and counted.
func (d dialect) blocks(ctx context.Context, text []byte) (all []*block, strange int) {
	s := splitter{dialect: d, by: map[blockKey]*block{}, declared: map[string][]model.MetricType{}, remarks: map[string][]remark{}}
	for line := range bytes.Lines(text) {
		if ctx.Err() != nil {
			return nil, 0
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && !s.line(line) {
			strange++
		}
	}
	for _, b := range s.all {
		if b.series > 0 {
			all = append(all, b)
		}
	}
	return all, strange
}

type blockKey struct {
	name string
	kind model.MetricType
}

// remark is a HELP or UNIT line, which may stand before the type of its family.
type remark struct {
	keyword string
	line    []byte
}

type splitter struct {
	dialect
	all      []*block
	by       map[blockKey]*block
	declared map[string][]model.MetricType // in order
	remarks  map[string][]remark
}

func (s *splitter) line(line []byte) (known bool) {
	if line[0] == '#' {
		s.comment(line)
		return true
	}
	name, ok := seriesName(line)
	if !ok {
		return false
	}
	b := s.of(name)
	b.add(line)
	b.series++
	return true
}

func (s *splitter) comment(line []byte) {
	keyword, rest, _ := bytes.Cut(bytes.TrimLeft(line[1:], " \t"), []byte(" "))
	name, rest, ok := cutName(rest)
	if !ok {
		return
	}
	switch word := string(keyword); word {
	case "TYPE":
		kind := model.MetricType(bytes.TrimSpace(rest))
		if s.suffixes[kind] == nil {
			return // one that the reader does not know: its series are of unknown type
		}
		if kinds := s.declared[name]; !slices.Contains(kinds, kind) {
			s.declared[name] = append(kinds, kind)
		}
		s.block(name, kind).describe(remark{word, line})
	case "HELP", "UNIT":
		s.remarks[name] = append(s.remarks[name], remark{word, line})
		for _, kind := range s.declared[name] {
			s.block(name, kind).describe(remark{word, line})
		}
	}
}

// of is the block of a series: of the type declared last that has such series.
func (s *splitter) of(series string) *block {
	if b := s.declaring(series, ""); b != nil {
		return b
	}
	if i := strings.LastIndexByte(series, '_'); i > 0 {
		if b := s.declaring(series[:i], series[i:]); b != nil {
			return b
		}
	}
	return s.block(series, model.MetricTypeUnknown)
}

func (s *splitter) declaring(name, suffix string) *block {
	for _, kind := range slices.Backward(s.declared[name]) {
		if slices.Contains(s.suffixes[kind], suffix) {
			return s.block(name, kind)
		}
	}
	return nil
}

func (s *splitter) block(name string, kind model.MetricType) *block {
	key := blockKey{name, kind}
	if b := s.by[key]; b != nil {
		return b
	}
	b := &block{name: name, kind: kind}
	for _, r := range s.remarks[name] {
		b.describe(r)
	}
	s.by[key] = b
	s.all = append(s.all, b)
	return b
}

// describe adds a line of description, the first of its keyword only: pages
// that a proxy puts together repeat them.
func (b *block) describe(r remark) {
	if b.described[r.keyword] {
		return
	}
	if b.described == nil {
		b.described = map[string]bool{}
	}
	b.described[r.keyword] = true
	b.add(r.line)
}

func (b *block) add(line []byte) {
	b.text = append(append(b.text, line...), '\n')
}

// seriesName is the name that a line of a series begins with: name{…}, or
// {"name",…} for one with other characters than Prometheus had at first.
func seriesName(line []byte) (string, bool) {
	if line[0] == '{' {
		name, _, ok := cutName(line[1:])
		return name, ok
	}
	end := bytes.IndexAny(line, "{ \t")
	if end <= 0 {
		return "", false
	}
	return string(line[:end]), true
}

// cutName takes a name, which may be quoted, from the beginning of text.
func cutName(text []byte) (name string, rest []byte, ok bool) {
	text = bytes.TrimLeft(text, " \t")
	if len(text) == 0 {
		return "", nil, false
	}
	if text[0] != '"' {
		end := bytes.IndexAny(text, " \t")
		if end < 0 {
			end = len(text)
		}
		return string(text[:end]), text[end:], true
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return unquoted.Replace(string(text[1:i])), text[i+1:], true
		}
	}
	return "", nil, false
}

// unquoted undoes what both forms escape within quotes.
var unquoted = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")
