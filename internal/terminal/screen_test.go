package terminal

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// screen is as much of a terminal as a display may use: it wraps lines, moves the
// cursor up and erases. Anything else fails the test.
type screen struct {
	t       *testing.T
	columns int
	cells   [][]rune
	row     int
	col     int
}

func newScreen(t *testing.T, columns int) *screen {
	return &screen{t: t, columns: columns, cells: [][]rune{nil}}
}

func (s *screen) Write(b []byte) (int, error) {
	text := []rune(string(b))
	for i := 0; i < len(text); i++ {
		switch r := text[i]; {
		case r == '\r':
			s.col = 0
		case r == '\n':
			s.down()
		case r == '\x1b':
			i += s.escape(string(text[i+1:]))
		default:
			s.put(r)
		}
	}
	return len(b), nil
}

func (s *screen) down() {
	if s.row++; s.row == len(s.cells) {
		s.cells = append(s.cells, nil)
	}
}

func (s *screen) put(r rune) {
	if s.col == s.columns {
		s.col = 0
		s.down()
	}
	line := s.cells[s.row]
	for len(line) <= s.col {
		line = append(line, ' ')
	}
	line[s.col] = r
	s.cells[s.row] = line
	s.col++
}

// escape obeys a control sequence and returns its length.
func (s *screen) escape(seq string) int {
	end := strings.IndexAny(seq, "ABCDEFGHJKSTfmhlsu")
	require.Positive(s.t, end, "%q", seq)
	require.Equal(s.t, byte('['), seq[0])
	switch arg := seq[1:end]; seq[end] {
	case 'A':
		n, err := strconv.Atoi(arg)
		require.NoError(s.t, err)
		s.row -= n
		require.GreaterOrEqual(s.t, s.row, 0)
	case 'K':
		s.cells[s.row] = s.cells[s.row][:min(s.col, len(s.cells[s.row]))]
	case 'J':
		s.cells = s.cells[:s.row+1]
		s.cells[s.row] = s.cells[s.row][:min(s.col, len(s.cells[s.row]))]
	case 'm':
	default:
		s.t.Fatalf("a display must not use %q", seq[:end+1])
	}
	return end + 1
}

// resize wraps every line anew, as terminals do.
func (s *screen) resize(columns int) {
	old := s.cells
	s.cells, s.columns = nil, columns
	for i, line := range old {
		for len(line) > columns {
			s.cells = append(s.cells, line[:columns:columns])
			line = line[columns:]
		}
		s.cells = append(s.cells, line)
		if i == s.row {
			s.row = len(s.cells) - 1
			s.col = min(s.col, len(line))
			break
		}
	}
}

func (s *screen) String() string {
	var lines []string
	for _, l := range s.cells {
		lines = append(lines, string(l))
	}
	return strings.Join(lines, "\n")
}
