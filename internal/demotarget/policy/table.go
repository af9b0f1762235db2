package policy

import (
	"strings"

	"github.com/loadtrace/loadtrace/internal/demotarget/policyv1"
)

// Grant allows an action on the resources that a pattern matches, in which *
// stands for one segment of a path.
type Grant struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// below are the resources that a scope on a kind of thing opens.
var below = []string{
	"", "/*", "/*/items", "/*/items/*", "/*/invoices", "/*/invoices/*", "/*/shipments", "/*/shipments/*",
	"/*/returns", "/*/returns/*", "/*/notes", "/*/history",
}

// expand is what one scope allows: kind:action, or admin.
func expand(scope string) (grants []*policyv1.Grant) {
	kind, action, ok := strings.Cut(scope, ":")
	if !ok {
		kind, action = "users", scope
	}
	for _, path := range below {
		grants = append(grants, &policyv1.Grant{Action: action, Resource: kind + path})
	}
	return grants
}
