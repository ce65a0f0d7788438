package subscription

import (
	"time"

	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
)

// claimDays is how long a gift can be claimed, from the day its mail goes out. A gift that waits
// and is not claimed by then is refunded to the giver in full.
const claimDays = 90

// maxGiftMails bounds how often one gift is announced: the recipient did not ask for these mails.
const maxGiftMails = 5

// maxGiftDays is how far ahead a gift can be planned.
const maxGiftDays = 366

// Gift is a subscription paid by one person for another. It never renews by itself. The giver keeps what is about
// money; whoever claims it decides about days, address and skips.
type Gift struct {
	Recipient string     `json:"recipient" doc:"Mail address."`
	Message   string     `json:"message,omitempty"`
	Begins    civil.Date `json:"begins,omitempty" doc:"Day of the mail to the recipient, and of the first parcel where the address is known; the day of the start when empty."`
	Waits     bool       `json:"waits,omitempty" doc:"Nothing begins before it is claimed."`
	Until     civil.Date `json:"until,omitempty" doc:"First day on which it can no longer be claimed."`
	Mails     int        `json:"mails,omitempty" doc:"How often its mail was sent."`
	ClaimedBy string     `json:"claimedBy,omitempty" doc:"Customer."`
	ClaimedAt time.Time  `json:"claimedAt,omitzero"`
}

// ClaimGift makes a customer the one a gift is for. A gift that waits begins on that day. Zone and Region are the
// recipient's, AddressID where their parcels go; one that is empty leaves the giver's.
type ClaimGift struct {
	CustomerID string
	AddressID  string
	Zone       string
	Region     string
}

// MailGift announces an unclaimed gift again, to another address when one is given.
type MailGift struct{ Recipient string }

func (ClaimGift) name() string { return "claim_gift" }
func (MailGift) name() string  { return "mail_gift" }

// Holder is the customer who has the benefits: the subscriber, of a gift whoever claimed it, and "" before somebody
// has.
func (s *Subscription) Holder() string {
	if s.Gift != nil {
		return s.Gift.ClaimedBy
	}
	return s.CustomerID
}

// waiting reports whether the running span is that of a gift nobody has claimed, or whose day has not come.
func (s *Subscription) waiting() bool {
	return s.Gift != nil && s.Span.Kind == SpanGap && s.Cycles == 0
}

// giftProblems adds what is wrong with a gift to the fields of a start.
func (c Start) giftProblems(f *fields, today civil.Date) {
	if c.Gift == nil {
		return
	}
	// Prepaid, because a gift must never charge the giver again.
	f.Require(c.Terms.Prepaid > 1 && !c.Trial, "/gift", "not_for_this_plan", "a gift is a prepaid plan without a trial")
	f.Require(c.BillingDay == 0, "/billingDay", "not_for_this_plan", "a gift counts from the day it begins")
	f.Require(c.Gift.Recipient != "", "/gift/recipient", "required", "a mail address")
	if c.Gift.Begins == "" {
		return
	}
	_, err := civil.ParseDate(string(c.Gift.Begins))
	f.Require(err == nil, "/gift/on", "no_date", "a date, YYYY-MM-DD")
	if err == nil {
		f.Require(c.Gift.Begins >= today, "/gift/on", "too_early", "today or later")
		f.within("/gift/on", int64(today.Days(c.Gift.Begins)), 0, maxGiftDays)
	}
}

// startGift begins a gift: at once where the parcels can go out, else with days that belong to nobody, until the chosen
// day or until it is claimed. All its cycles are paid now. It returns false when the first cycle is to open now.
func (r *run) startGift(today civil.Date) bool {
	g := r.s.Gift
	g.Begins = max(g.Begins, today)
	g.Until = g.Begins.Add(claimDays)
	// A membership always waits: its days must not run before anybody uses them. Parcels can go out
	// when the address is known.
	g.Waits = !r.s.Terms.delivers() || r.s.AddressID == ""
	closes := g.Begins
	if g.Waits {
		closes = g.Until
	}
	if closes == today {
		return false
	}
	// The cycles count from the day they begin and not from the day of the purchase.
	r.s.Anchor = AnchorOn(closes, r.s.Anchor.Zone)
	// A span of its own until then: it costs nothing and holds the invoice of all cycles.
	r.begin(Span{Kind: SpanGap, Opens: today, Closes: closes}, r.at)
	t := r.s.Terms
	lines := []invoice.Line{{
		Kind: invoice.LinePeriod, PlanID: t.PlanID, Version: t.Version, Quantity: t.Quantity, Cycles: t.Prepaid,
		Amount: t.Payment(), TaxBP: t.TaxBP,
	}}
	r.invoice(OpenFirst, append(lines, r.setupLine()...), nil)
	return true
}

// giftHour is when the recipient is told: at once for a gift of today, else at the policy's hour of
// the chosen day.
func (s *Subscription) giftHour() time.Time {
	if s.Gift.Begins <= civil.DateAt(s.StartedAt, s.zone()) {
		return s.StartedAt
	}
	return s.Terms.hour(s.Gift.Begins, s.zone())
}

// giftTask is the first mail to the recipient; later ones are sent on request only.
func (s *Subscription) giftTask() (task, bool) {
	g := s.Gift
	if g == nil || g.Mails > 0 || g.ClaimedBy != "" {
		return task{}, false
	}
	return task{s.giftHour(), (*run).mailGift, "gift mail"}, true
}

// mailGift sends the announcement and counts it against the limit.
func (r *run) mailGift() {
	g := r.s.Gift
	g.Mails++
	r.notice(Notice{Kind: NoticeGift, Date: g.Until})
}

// do announces the gift again. The count covers every address, so that changing it gives no more
// mails.
func (c MailGift) do(r *run) error {
	g := r.s.Gift
	switch {
	case g == nil:
		return refuse("no_gift", "This subscription is no gift.")
	case g.ClaimedBy != "":
		return refuse("gift_claimed", "The gift has been claimed.")
	case g.Mails >= maxGiftMails:
		return refuse("too_many_mails", "The gift was announced %d times already.", g.Mails)
	// Nothing is promised that is not paid.
	case r.s.Open != nil:
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	}
	if c.Recipient != "" {
		g.Recipient = c.Recipient
	}
	r.note = "gift mail"
	// Only the address is changed; the planned mail will use it.
	if r.at.Before(r.s.giftHour()) {
		return nil // its day is still to come
	}
	r.mailGift()
	return nil
}

// do gives the gift to a customer. From then on days, address and skips are theirs.
func (c ClaimGift) do(r *run) error {
	g := r.s.Gift
	switch {
	case g == nil:
		return refuse("no_gift", "This subscription is no gift.")
	// The same customer again: a repeated request, not a second claim.
	case g.ClaimedBy == c.CustomerID && c.CustomerID != "":
		return nil
	case g.ClaimedBy != "":
		return refuse("gift_claimed", "The gift has been claimed.")
	case civil.DateAt(r.at, r.s.zone()) >= g.Until:
		return refuse("gift_expired", "This gift could be claimed until %s.", g.Until.Add(-1))
	// Canceled by the giver while it is being paid.
	case r.s.Open != nil:
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	}
	var f fields
	f.Require(c.CustomerID != "", "/customerId", "required", "a customer")
	f.Require(!r.s.Terms.delivers() || c.AddressID != "" || r.s.AddressID != "", "/address", "required",
		"where to send it")
	_, err := civil.Zone(c.Zone)
	f.Require(c.Zone == "" || err == nil, "/zone", "unknown", "an IANA time zone such as Asia/Seoul")
	f.Require(c.Region == "" || len(c.Region) == 2, "/region", "unknown", "a country, two letters")
	if err := f.Err(); err != nil {
		return err
	}
	g.ClaimedBy, g.ClaimedAt, r.note = c.CustomerID, r.at, "gift claimed"
	if c.AddressID != "" {
		r.s.AddressID = c.AddressID
	}
	// Local days are the recipient's from here on; the money stays with the giver.
	if c.Zone != "" {
		r.s.Anchor.Zone = c.Zone
	}
	if c.Region != "" {
		r.s.Region = c.Region
	}
	r.event(EventGiftClaimed, "", 0)
	r.notice(Notice{Kind: NoticeGiftClaimed, Date: civil.DateAt(r.at, r.s.zone())})
	if g.Waits && r.s.waiting() {
		r.beginGift()
	}
	return nil
}

// beginGift opens the first cycle of a gift that waited, today.
func (r *run) beginGift() {
	p := &r.s.Span
	day := r.today()
	p.Closes, p.End = day, r.at
	r.s.Anchor = AnchorOn(day, r.s.Anchor.Zone)
	r.openNext()
}

// giveUpGift refunds a gift that nobody claimed, with its setup fee.
func (r *run) giveUpGift() {
	t := r.s.Terms
	r.s.PrepaidLeft = 0
	r.refundUnused(t.Payment()+t.SetupFee, EndUnclaimed)
	r.end(EndUnclaimed)
}
