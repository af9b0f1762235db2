package grpcengine

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/google/uuid"

	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
)

// Bounds of what a template makes.
const (
	maxFilled = infile.MaxMessages // bytes of a whole message or value, and of what one function returns
	maxItems  = 1_000_000          // items of a list that a function returns, and random letters
)

// functions are those of ghz's templates: sprig's and three more. ghz would
// read a template anew for every call; ours are read once.
//
// Those that reach outside are left out: env and expandenv, since a variable is written
// ${env:NAME}, which no error shows, and getHostByName, which asks a name server beside
// the list of allowed targets.
var functions = func() template.FuncMap {
	fs := sprig.TxtFuncMap()
	for _, outside := range []string{"env", "expandenv", "getHostByName"} {
		delete(fs, outside)
	}
	fs["newUUID"] = uuid.NewString
	fs["randomInt"] = randomInt
	maps.Copy(fs, sizedTexts(sprig.TxtFuncMap()))
	maps.Copy(fs, sizedLists(sprig.TxtFuncMap()))
	return fs
}()

// sizedTexts are the functions that make a text as long as a number asks for. Those of
// sprig take each random letter from the system's source, and much time.
func sizedTexts(of template.FuncMap) template.FuncMap {
	fs := template.FuncMap{
		"randomString": bounded("randomString", maxFilled, randomString),
		"repeat": func(n int, text string) (string, error) {
			if err := fits("repeat", maxFilled, len(text), n); err != nil {
				return "", err
			}
			return strings.Repeat(text, n), nil
		},
		"randBytes": func(n int) (string, error) {
			if err := fits("randBytes", maxFilled, 2, n); err != nil { // in base64
				return "", err
			}
			return of["randBytes"].(func(int) (string, error))(n)
		},
	}
	for _, name := range []string{"randAlpha", "randAlphaNum", "randAscii", "randNumeric"} {
		fs[name] = bounded(name, maxItems, of[name].(func(int) string))
	}
	for _, name := range []string{"indent", "nindent"} {
		fs[name] = func(n int, text string) (string, error) {
			if err := fits(name, maxFilled, 1+strings.Count(text, "\n"), n); err != nil {
				return "", err
			}
			return of[name].(func(int, string) string)(n, text), nil
		}
	}
	return fs
}

func bounded(name string, most int, of func(int) string) func(int) (string, error) {
	return func(n int) (string, error) {
		if err := fits(name, most, 1, n); err != nil {
			return "", err
		}
		return of(n), nil
	}
}

// sizedLists are those that make as many numbers.
func sizedLists(of template.FuncMap) template.FuncMap {
	until := func(name string, from, to, step int) ([]int, error) {
		if step != 0 && (float64(to)-float64(from))/float64(step) > maxItems {
			return nil, fmt.Errorf("%s makes more than %d items", name, maxItems)
		}
		return of["untilStep"].(func(int, int, int) []int)(from, to, step), nil
	}
	return template.FuncMap{
		"until": func(n int) ([]int, error) {
			if n < 0 {
				return until("until", 0, n, -1)
			}
			return until("until", 0, n, 1)
		},
		"untilStep": func(from, to, step int) ([]int, error) { return until("untilStep", from, to, step) },
		"seq": func(given ...int) (string, error) {
			if err := fewSteps(given); err != nil {
				return "", err
			}
			return of["seq"].(func(...int) string)(given...), nil
		},
	}
}

// fewSteps bounds seq, whose arguments are (last), (first, last) or (first, step, last).
func fewSteps(given []int) error {
	from, step, to := 1, 1, 0
	switch len(given) {
	case 1:
		to = given[0]
	case 2:
		from, to = given[0], given[1]
	case 3:
		from, step, to = given[0], max(given[1], -given[1], 1), given[2]
	}
	if off := (float64(to) - float64(from)) / float64(step); max(off, -off) > maxItems {
		return fmt.Errorf("seq makes more than %d items", maxItems)
	}
	return nil
}

// fits refuses n times a size if that is more than most bytes.
func fits(function string, most, size, n int) error {
	if float64(size)*float64(n) > float64(most) {
		return fmt.Errorf("%s makes more than %d bytes", function, most)
	}
	return nil
}

// filling takes what a template writes, up to maxFilled bytes.
type filling struct{ bytes.Buffer }

// Write implements io.Writer.
func (f *filling) Write(p []byte) (int, error) {
	if f.Len()+len(p) > maxFilled {
		return 0, fmt.Errorf("the template makes more than %d bytes", maxFilled)
	}
	return f.Buffer.Write(p)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// randomString is of 2 to 16 letters if length is not positive.
func randomString(length int) string {
	if length <= 0 {
		length = 2 + rand.IntN(15)
	}
	b := make([]byte, length)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// randomInt is at least low, at least 0, and less than high.
func randomInt(low, high int) int {
	low = max(low, 0)
	return low + rand.IntN(max(high, 1)-low)
}
