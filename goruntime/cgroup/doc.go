// Package cgroup reads what the control group of a Linux process may use and
// has used: limits of processors and memory, and how often a limit of
// processors has throttled it.
//
// Both versions of control groups are read, also mixed, as some hosts have them:
// each controller is in one of the two. A limit of a group holds for all below
// it, so the tightest one of the group and its parents is the limit. A Group
// holds no file open, and any goroutine may use it.
package cgroup
