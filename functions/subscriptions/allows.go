package subscriptions

import (
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// probes are, by the name the API has for it, what a subscriber may ask for: each a request that can only be refused
// for the way the subscription stands.
var probes = []struct {
	name    string
	command func(r *service.Record, now time.Time) subscription.Command
}{
	{"skip_next", fixed(subscription.SkipNext{})}, {"unskip", fixed(subscription.Unskip{})},
	{"change_date", func(r *service.Record, now time.Time) subscription.Command {
		// The earliest day that the rules may take; whether they do is what is tried.
		return subscription.ChangeDate{To: max(r.Sub.Span.Closes, tomorrow(r, now))}
	}},
	{"pause", func(r *service.Record, now time.Time) subscription.Command {
		return subscription.Pause{Until: max(r.Sub.Span.Closes.Add(1), tomorrow(r, now))}
	}},
	{"resume", fixed(subscription.Resume{})},
	{"swap", func(r *service.Record, _ time.Time) subscription.Command {
		// With the terms that a swap would change.
		t := following(r)
		if t.Kind != subscription.Replenishment {
			return nil // what a box holds is the shop's choice
		}
		return subscription.Swap{Contents: t.Contents, Price: t.Price}
	}},
	{"change_quantity", func(r *service.Record, _ time.Time) subscription.Command {
		// One more, or one less at the limit: some change must be possible.
		q := following(r).Quantity
		if q == subscription.MaxQuantity {
			return subscription.ChangeQuantity{Quantity: q - 1}
		}
		return subscription.ChangeQuantity{Quantity: q + 1}
	}},
	{"change_address", func(r *service.Record, _ time.Time) subscription.Command {
		// The present address and zone: whether any change is possible does not depend on the new
		// one.
		return subscription.ChangeAddress{AddressID: r.Sub.AddressID}
	}},
	{"move", func(r *service.Record, _ time.Time) subscription.Command {
		return subscription.Move{Zone: r.Sub.Anchor.Zone, Region: r.Sub.Region}
	}},
	{"upgrade", func(r *service.Record, _ time.Time) subscription.Command {
		t := r.Sub.Terms
		t.Price = 2*t.Price + 1_000_000 // dearer per month whatever the interval
		return subscription.Upgrade{Terms: t}
	}},
	{"downgrade", func(r *service.Record, _ time.Time) subscription.Command {
		return subscription.Downgrade{Terms: r.Sub.Terms}
	}},
	{"cancel", func(r *service.Record, _ time.Time) subscription.Command {
		if r.Sub.State == subscription.Canceled {
			return nil // repeating it is answered, and changes nothing
		}
		return subscription.Cancel{}
	}},
	{"cancel_now", fixed(subscription.Cancel{Now: true})},
	{"reactivate", func(r *service.Record, _ time.Time) subscription.Command {
		if r.Sub.State == subscription.Ended {
			return subscription.Reactivate{Terms: &r.Sub.Terms}
		}
		return subscription.Reactivate{}
	}},
	{"change_card", fixed(subscription.ChangeCard{Card: subscription.Card{Token: "probe"}})},
	// Refused when nothing is unpaid.
	{"pay_now", fixed(subscription.PayNow{})},
	{"consent", func(r *service.Record, now time.Time) subscription.Command {
		n, ok := noticeOf(r, now)
		// Nothing is asked.
		if !ok {
			return nil
		}
		return subscription.Consent{Notice: n, Answer: compliance.ConsentAnswer{
			NoticeID: n.ID, Explicit: true, Separate: true,
		}}
	}},
	{"refuse", fixed(subscription.Refuse{})},
}

// fixed is a probe that does not depend on the subscription.
func fixed(c subscription.Command) func(*service.Record, time.Time) subscription.Command {
	return func(*service.Record, time.Time) subscription.Command { return c }
}

// tomorrow is the subscriber's next day.
func tomorrow(r *service.Record, now time.Time) civil.Date {
	zone, err := civil.Zone(r.Sub.Anchor.Zone)
	if err != nil {
		zone = time.UTC
	}
	return civil.DateAt(now, zone).Add(1)
}

// following are the terms of the next payment.
func following(r *service.Record) subscription.Terms {
	if r.Sub.Next != nil {
		return *r.Sub.Next
	}
	return r.Sub.Terms
}

// allows names what the owner of a subscription could ask for at an instant and would get: each is tried on a copy, so
// that a button that is shown is never answered with a refusal.
func allows(r *service.Record, now time.Time) []string {
	out := []string{}
	for _, p := range probes {
		// What the recipient of a gift decides is not the giver's to ask for.
		if g := r.Sub.Gift; g != nil && g.ClaimedBy != "" && slices.Contains(recipientDoes, p.name) {
			continue
		}
		c := p.command(r, now)
		if c == nil {
			continue
		}
		if _, _, err := r.Sub.Apply(c, now); err == nil {
			out = append(out, p.name)
		}
	}
	return out
}

// PlannedChange is what is planned behind the running period.
type PlannedChange struct {
	Plan       *PlanRef        `json:"plan,omitempty" doc:"Of the next payment, where its terms are other ones."`
	Quantity   int             `json:"quantity,omitempty"`
	Price      money.Formatted `json:"price,omitzero" doc:"Of one payment."`
	SkipNext   bool            `json:"skipNext,omitempty"`
	PauseUntil civil.Date      `json:"pauseUntil,omitempty"`
}

// plannedOf shows what is planned; nil when nothing is.
func plannedOf(r *service.Record, p subscription.Planned) *PlannedChange {
	if p.Next == nil && !p.Skip && p.PauseUntil == "" {
		return nil
	}
	out := &PlannedChange{SkipNext: p.Skip, PauseUntil: p.PauseUntil}
	if t := p.Next; t != nil {
		out.Plan = &PlanRef{ID: t.PlanID, Version: t.Version, Kind: t.Kind, Title: r.Titles[t.PlanID]}
		out.Quantity, out.Price = t.Quantity, r.Money(t.Payment()).Formatted()
	}
	return out
}
