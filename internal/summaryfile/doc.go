// Package summaryfile reads the summaries that loadtrace run --json wrote: from files,
// directories, and streams of several, such as the logs of all pods of a Job. It bounds what
// it reads, and trusts nothing of it; what the figures say is for others to judge.
package summaryfile
