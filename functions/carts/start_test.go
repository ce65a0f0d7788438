package carts_test

import (
	"os"
	"strings"
	"testing"

	"dangol/functions/carts"
	"dangol/infra/testkit/apitest"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"begin": 201, "begin-with-key": 201, "begin-in-unknown-currency": 422, "get-not-yours": 404,
		"get-mine-forged-token": 401,
		"add-line-negative":     422, "add-line-unknown-cart": 404, "merge-as-guest": 401,
	}
	handler, err := carts.New(t.Context(), apitest.Env(t, "carts", noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "carts", want)
}

func TestAStartThatCannotWorkNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, variable, value, want string
	}{
		{"no table", "COMMERCE_TABLE", "", "COMMERCE_TABLE"},
		{"no issuer", "JWT_ISSUER", "", "JWT_ISSUER"},
		{"a cache life in words", "CATALOG_CACHE_TTL", "two", "CATALOG_CACHE_TTL"},
		{"a shop without zones", "SHOP_CONFIG", `{"languages":["ko"],"currencies":["KRW"]}`, "zones"},
		{"a shop file that is not there", "SHOP_CONFIG", "/nowhere/shop.json", "/nowhere/shop.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := carts.New(t.Context(), apitest.Env(t, "carts", noon, map[string]string{c.variable: c.value}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not name %s", err, c.want)
			}
		})
	}
}

func TestAShopOfOnesOwn(t *testing.T) {
	t.Parallel()
	handler, err := carts.New(t.Context(), apitest.Env(t, "carts", noon, map[string]string{"SHOP_CONFIG": `{
		"languages": ["en"], "currencies": ["USD"],
		"zones": [{"id": "us", "countries": ["US"], "methods": [{"id": "post", "name": {"en": "Post"}, "prices": {"USD": {"amount": 500}}}]}]
	}`}))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := os.ReadFile("../../events/samples/carts/begin.json")
	if err != nil {
		t.Fatal(err)
	}
	out, err := handler.Invoke(t.Context(), payload)
	if err != nil || !strings.Contains(string(out), "one of USD") {
		t.Errorf("%v: a shop that takes dollars only says %s", err, out)
	}
}
