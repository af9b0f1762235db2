// Package decide says whether grants allow an action on a resource, and counts
// how often each subject asked. Deciding is a pure function; two pools of workers
// carry it out, one as it is found in the wild and one as it should be. The owner
// of a pool closes it, which ends its workers.
package decide
