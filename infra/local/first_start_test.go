package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestAFirstStartThatWasKilledIsCompleted kills the shop, engine included, while it fills the demo shop, and starts it
// on the data it left: in the end everything of the demo shop is there, and once.
func TestAFirstStartThatWasKilledIsCompleted(t *testing.T) {
	t.Parallel()
	const kills, seed = 4, 17
	random := rand.New(rand.NewPCG(seed, seed))
	p := &process{t: t, data: t.TempDir(), demo: true}
	p.launch()
	for !p.hasDataFile() { // asks until then: it makes the tables now
		continue
	}
	p.kill()
	p.start()
	defer func() { p.kill() }()
	var at []int
	for range kills {
		for more := p.made() + 1 + random.IntN(9); p.made() < more && !p.isReady(); { // asks until then
			continue
		}
		at = append(at, p.made())
		p.kill()
		p.start()
	}
	<-p.ready
	want := map[string]int{"/plans": elements(t, "plans"), "/outreach/campaigns": 1,
		"/promotions": elements(t, "promotions") + elements(t, "coupons") + 1} // and the coupon for reviews
	for path, n := range want {
		names := p.names(path)
		for name, times := range names {
			if times > 1 {
				t.Errorf("%s has %s %d times", path, name, times)
			}
		}
		if len(names) != n {
			t.Errorf("%s has %d names, want %d: %v", path, len(names), n, slices.Sorted(maps.Keys(names)))
		}
	}
	if n := len(p.names("/admin/products?limit=100")); n < 24 {
		t.Errorf("%d products", n)
	}
	t.Logf("killed with %v things made", at)
}

// hasDataFile reports whether the engine has begun to make its file, under whatever name.
func (p *process) hasDataFile() bool {
	files, err := filepath.Glob(filepath.Join(p.data, "dynamodb.db*"))
	return err == nil && len(files) > 0
}

func (p *process) isReady() bool {
	select {
	case <-p.ready:
		return true
	default:
		return false
	}
}

// made is how many products, plans, promotions and campaigns there are.
func (p *process) made() (n int) {
	for _, path := range []string{"/admin/products?limit=100", "/plans", "/promotions", "/outreach/campaigns"} {
		n += len(p.names(path))
	}
	return n
}

// names are the names of what a list has, and how often each is there.
func (p *process) names(path string) map[string]int {
	p.t.Helper()
	var list map[string]json.RawMessage
	p.must("GET", path, nil, &list)
	names := map[string]int{}
	for _, field := range []string{"products", "plans", "promotions", "campaigns"} {
		var all []struct{ Name, Title, Handle any }
		if raw, ok := list[field]; ok {
			if err := json.Unmarshal(raw, &all); err != nil {
				p.t.Fatal(err)
			}
		}
		for _, one := range all {
			names[fmt.Sprint(one.Name, one.Title, one.Handle)]++
		}
	}
	return names
}

// elements is how many elements a file of the demo shop has.
func elements(t *testing.T, name string) int {
	t.Helper()
	raw, err := os.ReadFile("demo/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return len(all)
}
