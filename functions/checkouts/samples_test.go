package checkouts_test

import (
	"strings"
	"testing"

	"dangol/functions/checkouts"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := checkouts.New(t.Context(), apitest.Env(t, "checkouts", testshop.Noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "checkouts", samples)
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"COMMERCE_TABLE", "JWT_ISSUER", "PAYMENT_PROVIDER", "SANDBOX_WEBHOOK_SECRET"} {
		_, err := checkouts.New(t.Context(), apitest.Env(t, "checkouts", testshop.Noon, map[string]string{variable: ""}))
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}

// samples are the recorded invocations and the status each is answered with.
var samples = map[string]int{
	"start-not-yours": 404, "start-without-key": 422, "start-with-unknown-field": 422, "start-with-nul": 422,
	"start-forged-token": 401,
	"get-not-yours":      404, "confirm-not-yours": 404, "cancel-nonsense": 404, "webhook-old-signature": 401,
	"webhook-of-nobody": 404,
}
