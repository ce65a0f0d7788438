package stripe_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/shared/payment"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	const none = `200{"object":"list","data":[],"has_more":false,"url":"/v1/payment_intents"}`
	hit := `200{"object":"list","data":[` + intent("requires_capture") + `],"has_more":false,"url":"/v1/payment_intents"}`
	get := "GET /v1/payment_intents/pi_1"
	for _, tc := range []struct {
		name    string
		answers map[string]string
		state   payment.State
		want    error
	}{
		{"in the list of the last hour", map[string]string{list: hit}, payment.StateAuthorized, nil},
		{
			"older: the search finds it, and it is read again because the search may be behind",
			map[string]string{list: none, search: hit, get: "200" + intent("succeeded")}, payment.StateCaptured, nil,
		},
		{"nowhere", map[string]string{list: none, search: none}, "", payment.ErrNotFound},
		{"the list cannot be read", map[string]string{list: `500{"error":{"type":"api_error"}}`}, "", payment.ErrUnknown},
		{"the search cannot be read", map[string]string{list: none, search: `400{"error":{"type":"invalid_request_error"}}`},
			"", payment.ErrUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, stripe := says(t, tc.answers)
			got, err := p.Lookup(t.Context(), "k")
			if !errors.Is(err, tc.want) || got.State != tc.state {
				t.Errorf("got %+v, %v", got, err)
			}
			since := fmt.Sprint(noon.Add(-time.Hour).Unix())
			if first := stripe.seen[0]; first.line != list || first.form.Get("created[gte]") != since {
				t.Errorf("asked %+v", first)
			}
		})
	}
}

func TestALookupThatWouldReadTooMuchIsNotANo(t *testing.T) {
	t.Parallel()
	other := strings.ReplaceAll(intent("succeeded"), `"dangol_key":"k"`, `"dangol_key":"other"`)
	page := `{"object":"list","url":"/v1/payment_intents","has_more":true,"data":[` + strings.Repeat(other+",", 99) +
		other + `]}`
	none := `{"object":"list","data":[],"has_more":false,"url":"/v1/payment_intents"}`
	p, stripe := says(t, map[string]string{list: "200" + page, search: "200" + none})
	if _, err := p.Lookup(t.Context(), "k"); !errors.Is(err, payment.ErrUnknown) || len(stripe.seen) != 11 {
		t.Errorf("after %d requests: %v", len(stripe.seen), err)
	}
}
