package subscription

// ChargeReport says that the provider has news of the charge in flight: the provider is asked at
// once instead of at the next check. News of any other charge changes nothing.
type ChargeReport struct {
	Key     string
	Attempt int
}

// CardUpdated is the card as its network has renewed it, under the same token. An invoice that waits for another card
// is charged again; one that waits for money is not.
type CardUpdated struct{ Card Card }

func (ChargeReport) name() string { return "charge_reported" }
func (CardUpdated) name() string  { return "card_updated" }

// do asks the provider now. The message itself is not trusted: it may be forged, late or out of
// order.
func (c ChargeReport) do(r *run) error {
	o := r.s.Open
	if o == nil || o.Key != c.Key || !o.InFlight || o.Attempt != c.Attempt {
		return nil
	}
	r.note = "the provider has news"
	r.emitCharge(true)
	return nil
}

// do stores the renewed card data under the same token.
func (c CardUpdated) do(r *run) error {
	if c.Card.Token != r.s.Card.Token || c.Card == r.s.Card {
		return nil
	}
	r.s.Card, r.note = c.Card, "card renewed by its network"
	// Only where another card was waited for: a renewed expiry date does not bring money to an
	// account.
	if o := r.s.Open; o != nil && !o.InFlight && o.Wait == WaitCard && !r.s.outOfStock() {
		r.collect()
	}
	return nil
}
