// Package lint finds unsafe settings in configurations of the collector: settings
// that are valid, and that lose telemetry, leak it, or let a load test attack the
// wrong target.
//
// Rules are data: a YAML file, built in and extensible, whose conditions are
// expressions of github.com/expr-lang/expr and whose own examples are run whenever
// they are loaded, so that a rule that finds nothing, or finds fault with what is
// good, is refused. The package reads files that it is given and writes nothing; what
// it returns belongs to the caller.
package lint
