package archive

import "cmp"

// key is the order of requests: attack, then sequence number.
type key struct {
	attack int
	seq    uint64
}

func (r *Request) key() key { return key{r.AttackIndex, r.Seq} }

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.attack, other.attack), cmp.Compare(k.seq, other.seq))
}

func (k key) less(other key) bool { return k.compare(other) < 0 }
