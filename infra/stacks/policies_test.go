package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"dangol/infra/topology"
	"dangol/shared/platform/function"
)

// streaming are the actions of the event source mapping that feeds a function from a stream.
var streaming = []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
	"dynamodb:ListStreams"}

// TestRolesAllowWhatTheTopologySays compares the synthesized policies with the topology, which another test compares
// with what the functions really do: none missing, none spare.
func TestRolesAllowWhatTheTopologySays(t *testing.T) {
	s := synth(t)
	got := map[string]bool{}
	for _, stack := range all(s) {
		for id, policy := range resources(t, stack, "AWS::IAM::Policy") {
			for _, f := range topology.Dangol.Functions {
				if strings.HasPrefix(id, strings.ReplaceAll(f.Name, "-", "")+"role") {
					addTableActions(t, got, f.Name, policy)
				}
			}
		}
	}
	want := map[string]bool{}
	for _, f := range topology.Dangol.Functions {
		for _, g := range f.Tables {
			for _, action := range g.Actions {
				want[fmt.Sprintf("%s: %s on %s", f.Name, action, g.Table)] = true
			}
			for _, index := range g.Indexes {
				want[fmt.Sprintf("%s: Query on %s/%s", f.Name, g.Table, index)] = true
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if !got[p] {
			t.Errorf("missing in the policies: %s", p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(got)) {
		if !want[p] {
			t.Errorf("spare in the policies: %s", p)
		}
	}
}

func addTableActions(t *testing.T, got map[string]bool, function string, policy resource) {
	t.Helper()
	document := policy.Properties["PolicyDocument"].(map[string]any)
	for _, raw := range document["Statement"].([]any) {
		statement := raw.(map[string]any)
		for _, action := range oneOrMore(statement["Action"]) {
			name, isTable := strings.CutPrefix(fmt.Sprint(action), "dynamodb:")
			if !isTable || slices.Contains(streaming, "dynamodb:"+name) {
				continue
			}
			for _, on := range oneOrMore(statement["Resource"]) {
				got[fmt.Sprintf("%s: %s on %s", function, name, tableOf(t, on))] = true
			}
		}
	}
}

func oneOrMore(v any) []any {
	if many, ok := v.([]any); ok {
		return many
	}
	return []any{v}
}

// tableOf reads table and index out of a resource that is put together from another stack's export.
func tableOf(t *testing.T, on any) string {
	t.Helper()
	raw, err := json.Marshal(on)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range topology.Dangol.Tables {
		if !strings.Contains(string(raw), table.Name) {
			continue
		}
		_, index, isIndex := strings.Cut(string(raw), "/index/")
		if !isIndex {
			return table.Name
		}
		return table.Name + "/" + index[:strings.IndexAny(index, `"`)]
	}
	return string(raw)
}

// TestSchedulesMayInvokeOneFunctionAndLeaveWhatFailedInOneQueue: the role that functions hand to their schedules does
// nothing else, and only they may hand it over.
func TestSchedulesMayInvokeOneFunctionAndLeaveWhatFailedInOneQueue(t *testing.T) {
	s := synth(t)
	var got []string
	for id, policy := range resources(t, s.Async.Stack, "AWS::IAM::Policy") {
		if !strings.HasPrefix(id, "timesrole") {
			continue
		}
		for _, raw := range policy.Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			statement := raw.(map[string]any)
			for _, on := range oneOrMore(statement["Resource"]) {
				resource, err := json.Marshal(on)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%v on %s", statement["Action"], resource))
			}
		}
	}
	slices.Sort(got)
	if len(got) != 2 || !strings.HasPrefix(got[0], "lambda:InvokeFunction on ") ||
		!strings.Contains(got[0], "function:dangol-prod-"+topology.Scheduled+`"`) ||
		!strings.HasPrefix(got[1], "sqs:SendMessage on ") || !strings.Contains(got[1], "queuetimesdead") {
		t.Errorf("the schedules' role may %q", got)
	}
	for _, stack := range []awscdk.Stack{s.API.Stack, s.Async.Stack} {
		for id, policy := range resources(t, stack, "AWS::IAM::Policy") {
			passes := strings.Contains(fmt.Sprint(policy.Properties["PolicyDocument"]), "iam:PassRole")
			plans := slices.ContainsFunc(topology.Dangol.Functions, func(f topology.Function) bool {
				return strings.HasPrefix(id, strings.ReplaceAll(f.Name, "-", "")+"role") &&
					slices.Contains(f.Permissions, function.PlanTimes)
			})
			if passes != plans {
				t.Errorf("%s hands the schedules' role over: %v, want %v", id, passes, plans)
			}
		}
	}
}
