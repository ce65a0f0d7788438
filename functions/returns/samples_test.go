package returns_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
)

// samples are the recorded requests and the status each is answered with.
var samples = map[string]int{
	"policy": 200, "policy-text": 200, "quote-not-yours": 404, "quote-unknown-reason": 422, "request-without-key": 422,
	"get-not-yours":         404,
	"receive-without-token": 401, "publish-without-token": 401, "address-not-yours": 404, "refund-forged-token": 401,
}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := returns.New(t.Context(), apitest.Env(t, "returns", testshop.Noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../events/samples/returns/*.json")
	if err != nil || len(files) != len(samples)+1 {
		t.Fatalf("%d samples, want %d: %v", len(files), len(samples)+1, err)
	}
	for name, want := range samples {
		payload, err := os.ReadFile("../../events/samples/returns/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		out, err := handler.Invoke(t.Context(), payload)
		var answer events.APIGatewayV2HTTPResponse
		if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != want {
			t.Errorf("%s: status %d, want %d: %v %s", name, answer.StatusCode, want, err, answer.Body)
		}
	}
	for _, name := range []string{"job-gone", "job-gone"} { // the second time changes nothing
		payload, err := os.ReadFile("../../events/samples/returns/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		answer, err := handler.Invoke(t.Context(), payload)
		if err != nil || json.Valid(answer) && string(answer) != "null" && string(answer) != `{"batchItemFailures":null}` &&
			len(answer) > 0 {
			t.Errorf("%s: %s, %v", name, answer, err)
		}
	}
}
