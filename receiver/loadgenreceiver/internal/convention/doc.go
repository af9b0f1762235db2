// Package convention says of a record what the semantic conventions want said,
// in their words, for spans and metrics alike: the method, the protocol's
// version, the code and the type of an error; and of a run how it ended. Its
// functions are pure.
package convention
