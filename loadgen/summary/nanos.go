package summary

import (
	"errors"
	"math/big"
	"math/bits"
)

// nanos is a sum of durations, in nanoseconds. A million workers fill an uint64 in five
// hours, and a float64 depends on the order in which it is added up.
type nanos struct{ hi, lo uint64 }

func (n *nanos) add(o nanos) {
	var carry uint64
	n.lo, carry = bits.Add64(n.lo, o.lo, 0)
	n.hi, _ = bits.Add64(n.hi, o.hi, carry)
}

// times64 is the product of two numbers.
func times64(a, b uint64) nanos {
	hi, lo := bits.Mul64(a, b)
	return nanos{hi, lo}
}

func (n nanos) less(o nanos) bool { return n.hi < o.hi || n.hi == o.hi && n.lo < o.lo }

func (n nanos) float() float64 { return float64(n.hi)*(1<<64) + float64(n.lo) }

// String is the sum in decimal digits.
func (n nanos) String() string {
	b := new(big.Int).SetUint64(n.hi)
	return b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(n.lo)).String()
}

// maxDigits is how many decimal digits a nanos has at most.
const maxDigits = 39

func parseNanos(text string) (nanos, error) {
	b, ok := new(big.Int), len(text) <= maxDigits
	if ok {
		b, ok = b.SetString(text, 10)
	}
	if !ok || b.Sign() < 0 || b.BitLen() > 128 {
		return nanos{}, errors.New("sum_ns is no sum of nanoseconds")
	}
	lo := new(big.Int).And(b, new(big.Int).SetUint64(1<<64-1))
	return nanos{hi: new(big.Int).Rsh(b, 64).Uint64(), lo: lo.Uint64()}, nil
}
