package topology_test

import (
	"testing"

	"dangol/infra/topology"
	"dangol/shared/platform/due"
	"dangol/shared/platform/task"
)

// visibilities is how many times its function's timeout a queue hides a message (AWS: at least six times).
const visibilities = 6

// TestAJobThatFailsComesAgainBeforeTheSweeperHandsItOutAgain keeps failing jobs from doubling: while a message is
// hidden, the claim of the sweeper must still stand.
func TestAJobThatFailsComesAgainBeforeTheSweeperHandsItOutAgain(t *testing.T) {
	t.Parallel()
	for _, q := range topology.Dangol.Queues {
		f, ok := topology.Dangol.Function(q.Name)
		if !ok {
			t.Errorf("queue %s has no function", q.Name)
			continue
		}
		if hidden := visibilities * f.Timeout; hidden >= due.Lease {
			t.Errorf("%s hides a failing message for %s, the claim of a job lasts %s", q.Name, hidden, due.Lease)
		}
		if f.Timeout >= task.Lease {
			t.Errorf("%s runs up to %s, longer than the lease of a task (%s)", q.Name, f.Timeout, task.Lease)
		}
	}
}
