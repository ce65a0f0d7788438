package stripe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dangol/shared/payment"

	stripego "github.com/stripe/stripe-go/v84"
)

const (
	searchLag = time.Hour // how far Stripe's search may be behind
	maxListed = 1_000     // payments read before giving up on the list
	pageSize  = 100       // the most Stripe gives at once
)

// Lookup implements payment.Provider. Cost: 1 list request for every 100 payments of the last hour until it is found,
// at most 10, then 1 search and 1 read.
func (p *Provider) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	recent, complete, err := p.lookupRecent(ctx, key)
	if err != nil || recent != nil {
		return orZero(recent), err
	}
	id, err := p.search(ctx, key)
	switch {
	case err != nil:
		return payment.Payment{}, notLooked(err)
	// The search is an index that may be behind, so the payment itself is read.
	case id != "":
		return p.Get(ctx, id) // what the search returns may be old
	case !complete:
		return payment.Payment{}, fmt.Errorf("%w: not among the last %d payments", payment.ErrUnknown, maxListed)
	}
	return payment.Payment{}, payment.ErrNotFound
}

// lookupRecent reads the list of the last hour; complete is false when there was more than maxListed.
func (p *Provider) lookupRecent(ctx context.Context, key string) (found *payment.Payment, complete bool, err error) {
	// The list is exact at once, unlike the search, but has no filter for metadata.
	params := &stripego.PaymentIntentListParams{
		CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: p.clock.Now().Add(-searchLag).Unix()},
		Expand:       []*string{stripego.String("data.latest_charge"), stripego.String("data.payment_method")},
	}
	params.Limit = stripego.Int64(pageSize)
	seen := 0
	for intent, err := range p.api.V1PaymentIntents.List(ctx, params) {
		if err != nil {
			return nil, false, notLooked(err)
		}
		if intent.Metadata[metaKey] == key {
			got := fromIntent(intent)
			return &got, true, nil
		}
		if seen++; seen == maxListed {
			return nil, false, nil
		}
	}
	return nil, true, nil
}

// notLooked is the error of a look-up that failed: it proves nothing about the payment, so it is ErrUnknown and not
// ErrNotFound. A key that is refused is the shop's fault here as in every call.
func notLooked(err error) error {
	if mapped := failure(err); errors.Is(mapped, payment.ErrOurFault) {
		return mapped
	}
	return fmt.Errorf("%w: %w", payment.ErrUnknown, err)
}

// search asks Stripe's search for the payment with a key; "" when it finds none.
func (p *Provider) search(ctx context.Context, key string) (string, error) {
	params := &stripego.PaymentIntentSearchParams{}
	params.Query = "metadata['" + metaKey + "']:'" + quoted.Replace(key) + "'"
	params.Limit = stripego.Int64(1)
	params.Single = true
	for intent, err := range p.api.V1PaymentIntents.Search(ctx, params) {
		if err != nil {
			return "", err
		}
		// Compared again, because the search splits words and may return what only resembles the
		// key.
		if intent.Metadata[metaKey] == key {
			return intent.ID, nil
		}
	}
	return "", nil
}

// quoted escapes a key for the search's query language.
var quoted = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// LookupRefund implements payment.Provider. Cost: 1 request, for up to 100 refunds of the payment.
func (p *Provider) LookupRefund(ctx context.Context, paymentID, key string) (payment.Refund, error) {
	params := &stripego.RefundListParams{PaymentIntent: &paymentID}
	params.Limit = stripego.Int64(pageSize)
	for back, err := range p.api.V1Refunds.List(ctx, params) {
		if err != nil {
			return payment.Refund{}, failure(err)
		}
		if back.Metadata[metaKey] == key {
			return fromRefund(back), nil
		}
	}
	return payment.Refund{}, payment.ErrNotFound
}

// orZero is the payment, or the zero value for nil.
func orZero(p *payment.Payment) payment.Payment {
	if p == nil {
		return payment.Payment{}
	}
	return *p
}
