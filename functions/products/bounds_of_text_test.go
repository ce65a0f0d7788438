package products

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"dangol/infra/testkit/apitest"
)

// TestTextsOfAProductHaveBoundsAndForms names the code besides the field: what is missing is required, and no
// duplicate.
func TestTextsOfAProductHaveBoundsAndForms(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	values := func(values ...string) object {
		return cream("x").with("options", sizes(values...)).variant("options", values[:1])
	}
	metafields := func(n int) object {
		all := object{}
		for i := range n {
			all[fmt.Sprintf("custom.field%d", i)] = "x"
		}
		return cream("x").with("metafields", all)
	}
	for _, c := range []struct {
		name        string
		body        object
		field, code string
	}{
		{"an option without a name", cream("x").with("options", []object{{"name": "", "values": []string{"S"}}}).
			variant("options", []string{"S"}), "/options/0/name", "required"},
		{"a value of an option that is empty", values("S", ""), "/options/0/values/1", "required"},
		{"a value of an option twice", values("S", "M", "S"), "/options/0/values/2", "duplicate"},
		{"a fourth option", cream("x").with("options", []object{
			{"name": "a", "values": []string{"1"}}, {"name": "b", "values": []string{"1"}},
			{"name": "c", "values": []string{"1"}}, {"name": "d", "values": []string{"1"}},
		}).variant("options", []string{"1", "1", "1", "1"}), "/options", ""},
		{"a vendor over several lines", cream("x").with("vendor", "Dan\ngol"), "/vendor", "wrong_format"},
		{"an endless type", cream("x").with("type", strings.Repeat("가", 256)), "/type", "too_long"},
		{"a tag with a space at its end", cream("x").with("tags", []string{"vegan "}), "/tags/0", "wrong_format"},
		{"an empty category", cream("x").with("categories", []string{""}), "/categories/0", ""},
		{"an endless text for a picture", cream("x").with("images",
			[]object{{"url": "https://cdn.example/a.jpg", "alt": strings.Repeat("가", 301)}}), "/images/0/alt", "too_long"},
		{"a metafield without a namespace", cream("x").with("metafields", object{"material": "wood"}),
			"/metafields/material", "wrong_format"},
		{"more metafields than a product has", metafields(101), "/metafields", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if f := s.merchant.Do("POST", "/products", c.body).WantField(c.field); c.code != "" && f.Code != c.code {
				t.Errorf("%s is %s, want %s", f.Pointer, f.Code, c.code)
			}
		})
	}
	if got := s.handles("/products"); len(got) != 0 {
		t.Fatalf("something was written: %v", got)
	}
}

// TestRequestsAtOnceWithOneKeyAdjustOnce takes most of the stock, so that a second adjustment would not fit.
func TestRequestsAtOnceWithOneKeyAdjustOnce(t *testing.T) {
	t.Parallel()
	for _, delta := range []int{-15, 15} {
		t.Run(fmt.Sprint(delta), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			variant := s.create(cream("cream")).Variants[0].ID
			adjust := func(delta int) *apitest.Response {
				return s.merchant.With("Idempotency-Key", "k").Do("POST", "/stock/"+variant+"/adjustments",
					object{"delta": delta, "reason": "counted"})
			}
			answers := make([]*apitest.Response, 6)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() { answers[i] = adjust(delta) })
			}
			all.Wait()
			replayed := 0
			for _, a := range answers {
				a.Want(200)
				if a.Headers.Get("Idempotent-Replayed") == "true" {
					replayed++
				}
				if a.Body != answers[0].Body {
					t.Errorf("answered %s and %s", answers[0].Body, a.Body)
				}
			}
			var got StockLevel
			s.merchant.Do("GET", "/stock/"+variant, nil).Want(200).Into(&got)
			if got.Available != 20+delta || len(got.Adjustments) != 1 || replayed != len(answers)-1 {
				t.Errorf("%d units after %d adjustments, %d replayed", got.Available, len(got.Adjustments), replayed)
			}
			// Another body with the key is refused, whether or not there would be enough.
			adjust(-1).WantProblem(422, "idempotency_key_reused")
			adjust(-100).WantProblem(422, "idempotency_key_reused")
		})
	}
}
