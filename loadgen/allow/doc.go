// Package allow decides which targets may be attacked. A List is patterns of hosts
// and ports; a Gate lets through what each of its lists has, and is asked three
// times: about the targets of a plan, about what a name resolves to before the run,
// and about every address that is dialled, so that neither a redirect nor a name
// that resolves elsewhere by then leads out of the lists.
//
// A name in a list stands for whatever it resolves to, but for addresses that no
// service of that name has: loopback (unless it is localhost), link-local, where
// clouds have their metadata, multicast and the unspecified address. Those are
// allowed by an address or a network only.
//
// Lists and gates are values and hold nothing that needs to be closed.
package allow
