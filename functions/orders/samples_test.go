package orders_test

import (
	"strings"
	"testing"

	"dangol/functions/orders"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := orders.New(t.Context(), apitest.Env(t, "orders", testshop.Noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "orders", samples)
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"COMMERCE_TABLE", "JWT_ISSUER", "PAYMENT_PROVIDER", "SANDBOX_WEBHOOK_SECRET"} {
		_, err := orders.New(t.Context(), apitest.Env(t, "orders", testshop.Noon, map[string]string{variable: ""}))
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}

// samples are the recorded invocations and the status each is answered with.
var samples = map[string]int{
	"mine-without-token": 401, "get-not-yours": 404, "get-with-made-up-token": 404, "lookup-no-match": 404,
	"lookup-without-mail":   422,
	"fulfill-without-token": 401, "cancel-not-yours": 404, "list-forged-token": 401,
}
