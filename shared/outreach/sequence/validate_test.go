package sequence_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
)

const valid = `{"id":"x","version":1,"kind":"marketing","topic":"offers","purpose":"p","entry":{"event":"cart.changed","key":"cartId"},
	"maxLateness":"6h","steps":[{"id":"w","wait":{"for":"1h"}},{"id":"s","send":{"channel":"email","template":"cart_reminder"}}]}`

func TestDefinitionsThatAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := sequence.Parse([]byte(valid)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, pointer string }{
		{"a bad id", `"id":"x"`, `"id":"X-1"`, "/id"},
		{"no version", `"version":1`, `"version":0`, "/version"},
		{"marketing without a topic", `"topic":"offers",`, ``, "/topic"},
		{"an unknown kind", `"kind":"marketing"`, `"kind":"spam"`, "/kind"},
		{"an unknown event", `"event":"cart.changed"`, `"event":"cart.gone"`, "/entry/event"},
		{"an entry by opens", `"event":"cart.changed"`, `"event":"mail.opened"`, "/entry/event"},
		{"event and segment", `"event":"cart.changed"`, `"event":"cart.changed","segment":"vip"`, "/entry"},
		{"no lateness", `"maxLateness":"6h"`, `"maxLateness":""`, "/maxLateness"},
		{"a negative lateness", `"maxLateness":"6h"`, `"maxLateness":"-6h"`, "/maxLateness"},
		{"a delay that is none", `"for":"1h"`, `"for":"soon"`, "/steps/0/wait/for"},
		{"waits for nothing", `{"for":"1h"}`, `{}`, "/steps/0/wait"},
		{"a weekday without a time", `{"for":"1h"}`, `{"for":"1h","weekday":"tue"}`, "/steps/0/wait/weekday"},
		{"a time that is none", `{"for":"1h"}`, `{"at":"25:00"}`, "/steps/0/wait/at"},
		{"an offset without a date", `{"for":"1h"}`, `{"for":"1h","offset":"2d"}`, "/steps/0/wait/offset"},
		{"an id twice", `"id":"s"`, `"id":"w"`, "/steps/1/id"},
		{"two things in one step", `"id":"w",`, `"id":"w","end":true,`, "/steps/0"},
		{"nothing in a step", `"wait":{"for":"1h"}`, `"end":false`, "/steps/0"},
		{"an unknown channel", `"channel":"email"`, `"channel":"fax"`, "/steps/1/send/channel"},
		{"an unknown template", `"template":"cart_reminder"`, `"template":"other"`, "/steps/1/send/template"},
		{"an unknown block", `"template":"cart_reminder"`, `"template":"cart_reminder","products":"magic"`,
			"/steps/1/send/products"},
		{"a holdout of all", `"maxLateness"`, `"holdout":100,"maxLateness"`, "/holdout"},
		{"a jump backwards", `"send":{"channel":"email","template":"cart_reminder"}`,
			`"branch":{"if":{"orders":{"atLeast":1}},"then":"w"}`,
			"/steps/1/branch/then"},
		{"a jump nowhere", `"send":{"channel":"email","template":"cart_reminder"}`,
			`"branch":{"if":{"orders":{"atLeast":1}},"else":"z"}`,
			"/steps/1/branch/else"},
		{"an unknown profile field", `"send":{"channel":"email","template":"cart_reminder"}`,
			`"branch":{"if":{"profile":{"field":"shoe","in":["9"]}}}`,
			"/steps/1/branch/if/profile/field"},
		{"a step nobody reaches", `{"id":"w","wait":{"for":"1h"}}`, `{"id":"w","end":true}`, "/steps/1"},
		{"a goal of the same key without a key", `,"key":"cartId"}`, `},"goal":{"event":"order.placed","sameKey":true}`,
			"/goal/sameKey"},
		{"a wait for an event for ever", `"wait":{"for":"1h"}`, `"await":{"event":"order.placed","timeout":""}`,
			"/steps/0/await/timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(valid, tt.old, tt.new, 1)
			if changed == valid {
				t.Fatal("the test changes nothing")
			}
			var d sequence.Definition
			if err := json.Unmarshal([]byte(changed), &d); err != nil {
				t.Fatal(err)
			}
			faults := d.Faults(sequence.Known{Templates: []string{"cart_reminder"}, Segments: []string{"vip"}})
			if !slices.ContainsFunc(faults, func(f segment.Fault) bool { return f.Pointer == tt.pointer }) {
				t.Errorf("faults %v, want one at %q", faults, tt.pointer)
			}
		})
	}
}

func TestFilesThatAreNotDefinitions(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"a misspelled field": strings.Replace(valid, `"topic"`, `"topics"`, 1), "two documents": valid + valid,
		"no JSON": "x", "a list": "[]",
	} {
		if _, err := sequence.Parse([]byte(raw)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestVersionsStayApart(t *testing.T) {
	t.Parallel()
	one, err := sequence.Parse([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	two := one
	two.Version, two.Purpose = 2, "new"
	library, err := sequence.NewLibrary(two, one)
	if err != nil {
		t.Fatal(err)
	}
	if latest := library.StartedBy("cart.changed"); len(latest) != 1 || latest[0].Version != 2 {
		t.Errorf("started: %+v", latest)
	}
	if old, ok := library.Version("x", 1); !ok || old.Purpose != "p" {
		t.Errorf("version 1: %+v", old)
	}
	if _, err := sequence.NewLibrary(one, one); err == nil {
		t.Error("one version twice is accepted")
	}
}

func TestEverySeriesHasADiagramWithAllItsSteps(t *testing.T) {
	t.Parallel()
	library, err := sequence.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(library.Latest()); n < 9 {
		t.Errorf("%d series", n)
	}
	for _, d := range library.Latest() {
		diagram := d.Diagram()
		for _, s := range d.Steps {
			if s.Send != nil && !strings.Contains(diagram, s.Send.Template) {
				t.Errorf("%s: the diagram lacks %s", d.ID, s.Send.Template)
			}
		}
	}
}
