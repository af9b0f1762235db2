// Package figure rounds measured values for reports, so that the noise of floating point
// does not look like precision. What is judged or computed further stays as it is.
package figure
