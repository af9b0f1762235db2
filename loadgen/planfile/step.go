package planfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// step is one step of a key on the command line: a word, or what stands in
// brackets.
type step struct {
	text    string
	bracket bool
}

// cutStep takes the first step of a key: attacks[0].http is attacks, then 0 in
// brackets, then http.
func cutStep(key string) (first step, rest string, fault *misread) {
	if inside, ok := strings.CutPrefix(key, "["); ok {
		text, rest, closed := strings.Cut(inside, "]")
		switch {
		case !closed:
			return step{}, "", &misread{quote(key) + " has a [ without a ]", "write one such as [0] or [login]"}
		case rest == "" || rest[0] == '[':
			return step{text, true}, rest, nil
		case rest[0] != '.' || rest == ".":
			return step{}, "", &misread{quote(rest) + " stands after ]", "write .KEY, another [INDEX] or nothing"}
		}
		return step{text, true}, rest[1:], nil
	}
	end := strings.IndexAny(key, ".[")
	if end < 0 {
		return step{text: key}, "", nil
	}
	first, rest = step{text: key[:end]}, key[end:]
	if rest[0] == '.' {
		if rest = rest[1:]; rest == "" {
			return step{}, "", &misread{quote(key) + " ends in a dot", "write the key after it, or leave it out"}
		}
	}
	return first, rest, nil
}

var (
	digits  = regexp.MustCompile(`^[0-9]+$`)
	numeral = regexp.MustCompile(`^(0|[1-9][0-9]*)$`) // as an index is written
)

// in finds the element of a list that a step means. Digits in brackets are an
// index; all else is a name. Digits after a dot are an index if no element has
// them as its name. Those that begin with a zero too many are never an index: whoever
// numbers names 01, 02, 03 would mean another element.
func (s step) in(list *node) (int, *misread) {
	index, isIndex := -1, numeral.MatchString(s.text)
	if s.bracket && !isIndex && digits.MatchString(s.text) {
		text := utf8text.Clip(s.text)
		return 0, &misread{"[" + text + "] begins with a zero, as no index does", "write ." + text + " for the element of that name, or the index without it"}
	}
	if i, err := strconv.Atoi(s.text); isIndex && err == nil && i < len(list.entries) {
		index = i
	}
	if s.bracket && isIndex {
		return s.found(index, list)
	}
	named := s.named(list)
	switch {
	case len(named) > 1:
		return 0, &misread{quote(s.text) + " is the name of " + indices(named), "write the index of one"}
	case len(named) == 0:
		return s.found(index, list)
	case index >= 0 && index != named[0]:
		return 0, &misread{fmt.Sprintf("%s is the name of [%d] and the index of [%d]", s.text, named[0], index), "write the index in brackets"}
	}
	return named[0], nil
}

// found is an index, unless there is none.
func (s step) found(index int, list *node) (int, *misread) {
	if index >= 0 {
		return index, nil
	}
	shown := quote(s.text)
	if s.bracket {
		shown = "[" + utf8text.Clip(s.text) + "]"
	}
	return 0, &misread{"there is no element " + shown, elements(list)}
}

// named are the elements that have the step as their name.
func (s step) named(list *node) (found []int) {
	for i, e := range list.entries {
		if name := e.value.get("name"); name != nil && name.kind == scalar && name.text == s.text {
			found = append(found, i)
		}
	}
	return found
}

func indices(list []int) string {
	var out []string
	for _, i := range list[:min(len(list), 20)] {
		out = append(out, fmt.Sprintf("[%d]", i))
	}
	return strings.Join(out, ", ")
}

// elements says what there is instead.
func elements(list *node) string {
	if len(list.entries) == 0 {
		return "the list is empty: set it as a whole"
	}
	var have []string
	for i, e := range list.entries[:min(len(list.entries), 20)] {
		text := fmt.Sprintf("[%d]", i)
		if name := e.value.get("name"); name != nil && name.text != "" {
			text += " " + utf8text.Clip(name.text)
		}
		have = append(have, text)
	}
	return "there are " + strings.Join(have, ", ") + "; to add one, set the list as a whole"
}
