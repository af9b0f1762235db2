// Package ledger splits the response time of a request into components that sum to
// it, to the nanosecond; what they leave is unexplained.
//
// It is pure, and knows neither spans nor attributes.
package ledger
