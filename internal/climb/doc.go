// Package climb measures variants of a service under the same load, each in processes of
// its own: the demo service with more and more of its mistakes fixed, or commands of the
// user's. What was gained is for internal/ladder to compute, and how a plan is carried out
// is given.
package climb
