// Package hostname writes internationalised host names as DNS has them: IDNA in
// its form for lookups (UTS 46), which maps case and width first. What is ASCII
// already is left as it is, names that no registry gives too, such as my_service.
//
// It resolves nothing, and does not decide whether a host may be attacked.
package hostname
