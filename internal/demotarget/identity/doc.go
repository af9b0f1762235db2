// Package identity is the certificate of the demo service's downstream servers:
// made anew for each process, for the loopback address, and trusted by their
// clients alone. Services speak TLS with each other also where they are
// neighbours, and that is a good part of what a new connection costs.
package identity
