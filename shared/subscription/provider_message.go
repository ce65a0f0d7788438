package subscription

// ChargeHeard says that the provider has news of the charge in flight: it is asked at once instead of at the next
// check. News of any other charge changes nothing.
type ChargeReport struct {
	Key     string
	Attempt int
}

// CardUpdated is the card as its network has renewed it, under the same token. An invoice that waits for another card
// is charged again; one that waits for money is not.
type CardUpdated struct{ Card Card }

func (ChargeReport) name() string { return "charge_heard" }
func (CardUpdated) name() string  { return "card_updated" }

func (c ChargeReport) do(r *run) error {
	o := r.s.Open
	if o == nil || o.Key != c.Key || !o.InFlight || o.Attempt != c.Attempt {
		return nil
	}
	r.note = "the provider has news"
	r.emitCharge(true)
	return nil
}

func (c CardUpdated) do(r *run) error {
	if c.Card.Token != r.s.Card.Token || c.Card == r.s.Card {
		return nil
	}
	r.s.Card, r.note = c.Card, "card renewed by its network"
	if o := r.s.Open; o != nil && !o.InFlight && o.Wait == WaitCard && !r.s.outOfStock() {
		r.collect()
	}
	return nil
}
