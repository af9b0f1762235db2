package pace

import (
	"math"
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
)

// The arrivals of a Poisson process are a tree: a node of height h spans
// fan^h gaps, the root more than a schedule may have requests.
const (
	fan    = 256
	height = 6
	recent = 64 // leaves kept for readers: the newest 16,384 arrivals
)

// arrivals are the times of a Poisson process of rate 1: partial sums of
// independent exponential gaps of mean 1. They are a pure function of the seed,
// and any of them can be had without those before it, in constant memory.
//
// The sum of m such gaps is Gamma(m) distributed, and the proportions in which
// it is divided among its parts are independent of it. So a node draws Gamma
// variates for its children and scales them to its own length; at the leaves
// these are exponential gaps (Devroye, "Non-uniform random variate generation",
// 1986, chapters V.2 and XI.4). Each node has a random stream of its own.
type arrivals struct {
	seed   uint64
	leaves [recent]atomic.Pointer[node] // leaf i is in place i mod recent
	mu     sync.Mutex
	path   [height - 1]node // guarded by mu: the inner node last used at each height above 1
}

// node holds when its children end, from the process's beginning.
type node struct {
	index uint64 // among the nodes of its height
	ends  [fan]float64
}

// at is the time of arrival n, from 0.
func (a *arrivals) at(n uint64) float64 {
	i := n / fan
	leaf := a.leaves[i%recent].Load()
	if leaf == nil || leaf.index != i {
		leaf = a.leaf(i)
	}
	return leaf.ends[n%fan]
}

// before is the number of arrivals before time t.
func (a *arrivals) before(t float64) uint64 {
	var n node
	index := uint64(0)
	begin, end := 0.0, 0.0
	for h := height; h >= 1; h-- {
		n.draw(a.seed, h, index, begin, end)
		child := sort.SearchFloat64s(n.ends[:], t)
		begin, end = n.child(begin, child)
		index = index*fan + uint64(child)
	}
	return index
}

// leaf draws leaf i, and what of the path to it is not at hand.
func (a *arrivals) leaf(i uint64) *node {
	a.mu.Lock()
	defer a.mu.Unlock()
	place := &a.leaves[i%recent]
	if leaf := place.Load(); leaf != nil && leaf.index == i {
		return leaf // another reader was faster
	}
	begin, end := 0.0, 0.0
	for h := height; h > 1; h-- {
		inner := &a.path[h-2]
		below := uint64(math.Pow(fan, float64(h-1))) // leaves below inner
		drawn := inner.ends[0] > 0
		if index := i / below; !drawn || inner.index != index {
			inner.draw(a.seed, h, index, begin, end)
		}
		begin, end = inner.child(begin, int(i/(below/fan)%fan))
	}
	leaf := new(node)
	leaf.draw(a.seed, 1, i, begin, end)
	place.Store(leaf)
	return leaf
}

// child is the interval of a node's child.
func (n *node) child(begin float64, i int) (childBegin, childEnd float64) {
	if i > 0 {
		begin = n.ends[i-1]
	}
	return begin, n.ends[i]
}

// draw divides the interval of a node among its children; h is the node's height
// and index its place among those of that height. The root has no given length:
// it is as long as its children.
func (n *node) draw(seed uint64, h int, index uint64, begin, end float64) {
	n.index = index
	r := rand.New(rand.NewPCG(seed, uint64(h)<<48|index))
	shape := math.Pow(fan, float64(h-1))
	sum := 0.0
	for i := range n.ends {
		sum += gamma(r, shape)
		n.ends[i] = sum
	}
	if end == 0 {
		return
	}
	scale := (end - begin) / sum
	for i := range n.ends {
		n.ends[i] = begin + n.ends[i]*scale
	}
	n.ends[fan-1] = end // exactly, so that times never go back from node to node
}

// gamma draws from Gamma(shape, 1), for a shape of at least 1 (Marsaglia and
// Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000).
func gamma(r *rand.Rand, shape float64) float64 {
	if shape == 1 {
		return r.ExpFloat64()
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
