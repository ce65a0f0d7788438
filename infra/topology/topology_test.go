package topology_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/infra/topology"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
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

func TestDueKindsOfOneQueueAndTableAreOneEntry(t *testing.T) {
	t.Parallel()
	s := topology.System{Due: []topology.DueKind{
		{Kind: "hold", Table: "Commerce", Queue: "a"}, {Kind: "send", Table: "Outreach", Queue: "a"},
		{Kind: "refund", Table: "Commerce", Queue: "a"}, {Kind: "bill", Table: "Commerce", Queue: "b"},
	}}
	got := s.DueKinds(func(queue string) string { return "https://" + queue })
	want := "hold+refund@COMMERCE_TABLE=https://a,send@OUTREACH_TABLE=https://a,bill@COMMERCE_TABLE=https://b"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if none := (topology.System{}).DueKinds(func(string) string { return "" }); none != "" {
		t.Errorf("a system without jobs has %q", none)
	}
	for _, k := range topology.Dangol.Due {
		if strings.ContainsAny(k.Kind, "+@=,") {
			t.Errorf("the name of the kind %s is not for the variable", k.Kind)
		}
	}
}

// TestTheDeployGuideNamesWhoReadsThePaymentSecrets holds the guide's list against the permissions: whoever rotates a
// key has to know who uses it, and whoever reviews the roles who is meant to.
func TestTheDeployGuideNamesWhoReadsThePaymentSecrets(t *testing.T) {
	t.Parallel()
	var readers []string
	for _, f := range topology.Dangol.Functions {
		if slices.Contains(f.Permissions, function.ReadPayments) {
			readers = append(readers, f.Name)
		}
	}
	slices.Sort(readers)
	guide, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`Readers of the secrets: ([^;]+);`).FindSubmatch(guide)
	if list == nil {
		t.Fatalf("docs/deploy.md does not list who reads the payment secrets: %v", readers)
	}
	var named []string
	for _, name := range regexp.MustCompile("`([a-z-]+)`").FindAllSubmatch(list[1], -1) {
		named = append(named, string(name[1]))
	}
	if !slices.Equal(named, readers) {
		t.Errorf("docs/deploy.md names %v as readers of the payment secrets, those are %v", named, readers)
	}
}
