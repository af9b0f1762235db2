package loadgen

// ErrorKinds are all reasons of failed requests, in the order of docs/plan.md, which
// says what each means.
func ErrorKinds() []ErrorKind {
	return []ErrorKind{
		ErrorTimeout, ErrorDNS, ErrorRefused, ErrorUnreachable, ErrorTLS, ErrorReset, ErrorClosed, ErrorProtocol,
		ErrorBodyTooBig, ErrorRedirects, ErrorNotAllowed, ErrorNoPorts, ErrorNoFiles, ErrorCancelled, ErrorOther,
	}
}

// NotSentReasons are all reasons of requests that were not sent, in the order of
// docs/plan.md, which says what each means.
func NotSentReasons() []NotSentReason {
	return []NotSentReason{NotSentLate, NotSentConnectionWait, NotSentBackoff, NotSentError, NotSentStopped}
}
