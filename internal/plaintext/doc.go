// Package plaintext makes text from outside text and no more, where it goes into the
// lines of a report, a log or a terminal. Visible is the one definition of what is shown as
// it is; the functions differ in what becomes of the rest: Line and Lines escape it, Drop
// leaves it out, and JSON writes it as JSON's own escapes, which changes no value.
//
// Workflow commands are broken too. Code hosts take them from all that a job prints, not
// from the workflow's own output alone.
package plaintext
