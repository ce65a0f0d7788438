package products

import (
	"dangol/infra/testkit/apitest"
	"strings"
	"testing"
)

func TestSampleInvocations(t *testing.T) {
	t.Parallel()
	handler, err := New(t.Context(), apitest.Env(t, "products", opening, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"list": 200, "list-search": 200, "list-cursor-of-nobody": 422, "page-by-hangul-handle": 404, "categories": 200,
		"create-without-token": 401, "import-forged-token": 401, "product.created": 0, "stock.level_changed": 0,
	}
	apitest.Samples(t, handler, "products", want)
}

func TestAConfigurationThatIsNotCompleteEndsTheStart(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"COMMERCE_TABLE": "", "JWT_ISSUER": "", "SHOP_CONFIG": `{"languages":[]}`, "CATALOG_CACHE_TTL": "soon",
	} {
		_, err := New(t.Context(), apitest.Env(t, "products", opening, map[string]string{name: value}))
		if err == nil || name != "SHOP_CONFIG" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}

func TestRoutesDescribeThemselves(t *testing.T) {
	t.Parallel()
	s := API()
	if got := len(s.Routes()); got != 16 {
		t.Fatalf("%d routes", got)
	}
	for _, r := range s.Routes() {
		if r.Summary == "" || r.ID == "" || r.Tag == "" {
			t.Errorf("%s %s does not say what it is", r.Method, r.Path)
		}
	}
	card := s.OpenAPI().Components.Schemas.Map()["ProductSummary"]
	if card == nil || card.Properties["title"] == nil || card.Properties["encoded"] != nil {
		t.Fatalf("the schema of a card is %+v", card)
	}
}
