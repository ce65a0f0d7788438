package checks

import (
	"encoding/json"
	"os"
	"path"
	"testing"
)

// schema is what this test reads of a JSON schema.
type schema struct {
	Ref        string                     `json:"$ref"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// TestEveryRouteThatTakesACardSaysHowItFails: a card that is declined is answered with 402, and a provider that does
// not answer with 503. Neither may be a success, so both have to be in the document of each such route.
func TestEveryRouteThatTakesACardSaysHowItFails(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			} `json:"requestBody"`
			Responses map[string]json.RawMessage
		}
		Components struct{ Schemas map[string]schema }
	}
	raw, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	routes := 0
	for _, methods := range document.Paths {
		for _, o := range methods {
			body := o.RequestBody.Content["application/json"].Schema
			if body.Ref != "" {
				body = document.Components.Schemas[path.Base(body.Ref)]
			}
			if _, card := body.Properties["paymentMethod"]; !card {
				continue
			}
			routes++
			for _, status := range []string{"402", "503"} {
				if _, ok := o.Responses[status]; !ok {
					t.Errorf("%s takes a card and does not say %s", o.OperationID, status)
				}
			}
		}
	}
	// Checkout, what is added to an order, balance and hold of an exchange, a subscription and its card.
	if routes < 6 {
		t.Errorf("only %d routes that take a card were found", routes)
	}
}
