// Package splitmix64 is SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014; variant 13 of Stafford): a fast mix of 64 bits, and the
// generator that is made of it. It is for identities, hashes and samples, and nothing that
// must be hard to guess.
package splitmix64

// Mix is the generator's finalizer: a bijection whose output bits each depend on every
// input bit.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Unmix is the inverse of Mix: the shifts undone, and the inverses of the factors modulo
// 2^64.
func Unmix(z uint64) uint64 {
	z = (z ^ z>>31 ^ z>>62) * 0x319642b2d24d8ec3
	z = (z ^ z>>27 ^ z>>54) * 0x96de1b173f119089
	return z ^ z>>30 ^ z>>60
}

// Source is a generator's state: its seed, at first.
type Source uint64

// Uint64 is the next number, uniform over 64 bits.
func (s *Source) Uint64() uint64 {
	*s += 0x9e3779b97f4a7c15
	return Mix(uint64(*s))
}
