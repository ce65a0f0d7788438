package reviews_test

import (
	"strings"
	"testing"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
)

// shopVariables are the variables that only this function reads.
var shopVariables = map[string]string{"SHOP_NAME": "HANEUL", "SHOP_URL": "https://shop.example.com",
	"MEDIA_URL": "https://media.example.com"}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := reviews.New(t.Context(), apitest.Env(t, "reviews", noon, shopVariables))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "reviews", samples)
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"CARE_TABLE", "COMMERCE_TABLE", "JWT_ISSUER", "MEDIA_URL"} {
		changed := map[string]string{"SHOP_NAME": "HANEUL", "SHOP_URL": "https://shop.example.com",
			"MEDIA_URL": "https://media.example.com"}
		changed[variable] = ""
		_, err := reviews.New(t.Context(), apitest.Env(t, "reviews", noon, changed))
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}

// samples are the recorded invocations and the status each is answered with; 0 for those that are no request.
var samples = map[string]int{
	"list": 200, "list-helpful-of-one-language": 200, "list-cursor-of-nobody": 422, "summary": 200, "policy": 200,
	"create-order-of-nobody": 404, "create-six-stars": 422, "create-with-nul": 422, "edit-not-yours": 404,
	"vote-without-token":  401,
	"decide-forged-token": 401, "import-without-token": 401, "order.delivered": 0, "order.placed": 0,
	"jobs-of-items-that-are-gone": 0,
}
