package stacks_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/infra/stacks"
	"dangol/infra/topology"
	"dangol/shared/platform/function"
)

// without is the system as it is after a function was taken away.
func without(t *testing.T, name string) stacks.Stacks {
	t.Helper()
	var specs []function.Spec
	for _, f := range topology.Dangol.Functions {
		if f.Name != name {
			specs = append(specs, f.Spec)
		}
	}
	if len(specs) != len(topology.Dangol.Functions)-1 {
		t.Fatalf("there is no function %s", name)
	}
	s, err := synthesizeSystem(with(prod, "stage", "dev"), topology.New(topology.Dangol.Tables, specs...), false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var importOf = regexp.MustCompile(`"Fn::ImportValue":"([^"]+)"`)

// refusals deploys the stacks of a system one after the other in place of those that stand, and returns the exports for
// which CloudFormation would refuse a stack: those that it takes away while another, as it stands at that moment,
// imports them, and those that it imports before another has them.
func refusals(t *testing.T, before, after stacks.Stacks, order func([]int)) (refused []string) {
	t.Helper()
	standing := make([]template, len(all(before)))
	for i, stack := range all(before) {
		standing[i] = templateOf(t, stack)
	}
	steps := []int{0, 1, 2, 3}
	order(steps)
	for _, i := range steps {
		next := templateOf(t, all(after)[i])
		stay := exports(next)
		for name := range exports(standing[i]) {
			if stay[name] {
				continue
			}
			for j, other := range standing {
				if j != i && slices.ContainsFunc(importOf.FindAllStringSubmatch(compact(other), -1),
					func(m []string) bool { return m[1] == name }) {
					refused = append(refused, name)
				}
			}
		}
		standing[i] = next
		for _, m := range importOf.FindAllStringSubmatch(compact(next), -1) {
			if !slices.ContainsFunc(standing, func(s template) bool { return exports(s)[m[1]] }) {
				refused = append(refused, m[1])
			}
		}
	}
	return refused
}

// exports are the names that a stack exports.
func exports(s template) map[string]bool {
	names := map[string]bool{}
	for _, o := range s.Outputs {
		if name := exportName(o.Export); name != "" {
			names[name] = true
		}
	}
	return names
}

func exportName(export any) string {
	e, _ := export.(map[string]any)
	name, _ := e["Name"].(string)
	return name
}

// CloudFormation deletes no export that another stack imports, and the CDK deploys the stack that exports first: the
// update is rolled back. So what is taken away goes from the last stack to the first (`make deploy-removal`).
func TestWhatIsTakenAwayGoesFromTheLastStackToTheFirst(t *testing.T) {
	before := must(t, ofDev)
	issuer, err := synthesize(with(prod, "stage", "dev", "issuer", "https://id.a.example", "audience", "client-1"), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, gone := range map[string]stacks.Stacks{
		"a function with routes, whose alarms are in another stack": without(t, "documents"),
		"a function with a queue in a third":                        without(t, "care"),
		"the pool, beside another issuer":                           issuer,
	} {
		if refused := refusals(t, before, gone, func(steps []int) { slices.Reverse(steps) }); len(refused) > 0 {
			t.Errorf("%s cannot be taken away: %v", name, refused)
		}
		if refused := refusals(t, before, gone, func([]int) {}); len(refused) == 0 {
			t.Errorf("%s goes in the usual order, too: then the guide need not name another", name)
		}
	}
	var parts []string
	for _, stack := range all(before) {
		parts = append(parts, strings.TrimPrefix(*stack.StackName(), "dangol-dev-"))
	}
	slices.Reverse(parts)
	makefile, err := os.ReadFile("../../Makefile")
	if want := "for part in " + strings.Join(parts, " ") + ";"; err != nil || !strings.Contains(string(makefile), want) {
		t.Errorf("make deploy-removal does not go through %v: %v", parts, err)
	}
	if !strings.Contains(section(t, guide(t), "### Later deployments"), "make deploy-removal") {
		t.Error("the guide does not name the command")
	}
}
