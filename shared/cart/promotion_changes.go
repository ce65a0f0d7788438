package cart

import (
	"context"
	"slices"
	"time"

	"dangol/shared/membership"
	"dangol/shared/money"
	"dangol/shared/problemtext"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// ShownPromotions is what the shopper has been shown: what each promotion did, and the total.
type ShownPromotions struct {
	Applied []promotion.Applied `json:"applied,omitempty"`
	Total   int64               `json:"total"` // minor units
}

// PromotionChange is a promotion that does something else for the same cart than the shopper has been shown.
type PromotionChange struct {
	PromotionID string `json:"promotionId"`
	Code        string `json:"code,omitempty"`
	Before      int64  `json:"before"` // minor units taken off
	After       int64  `json:"after"`
	GiftsBefore int    `json:"giftsBefore,omitempty"` // units given
	GiftsAfter  int    `json:"giftsAfter,omitempty"`
	// Rose says that the total was higher than shown when this was found.
	Rose bool `json:"rose,omitempty"`
}

// promotionChanges is what has happened to the promotions of the cart since
// it was last changed, and before that without having been accepted. A change
// that is noted already keeps its first Before, because that is what the
// shopper saw; once it has raised the total it stays one that needs consent.
func (p *Priced) promotionChanges(c *Cart) []PromotionChange {
	if c.Shown == nil {
		return c.PromotionChanges
	}
	all := slices.Clone(c.PromotionChanges)
	// One flag for all: several promotions change at once,
	// and only the total tells whether the shopper pays more.
	rose := p.Totals.Total > c.Shown.Total
	for _, ch := range promotion.CompareApplied(c.Shown.Applied, p.Outcome.Applied) {
		m := PromotionChange{
			PromotionID: ch.PromotionID, Code: ch.Code, Before: ch.Before, After: ch.After,
			GiftsBefore: ch.GiftsBefore, GiftsAfter: ch.GiftsAfter, Rose: rose,
		}
		at := slices.IndexFunc(all, func(o PromotionChange) bool { return o.PromotionID == m.PromotionID })
		if at < 0 {
			all = append(all, m)
			continue
		}
		m.Before, m.GiftsBefore, m.Rose = all[at].Before, all[at].GiftsBefore, m.Rose || all[at].Rose
		all[at] = m
	}
	return all
}

// Note notes in the cart what has happened to its promotions since it was last changed. Round trips are those of Quote,
// none for a cart that has not been shown.
func (q Quoter) Note(ctx context.Context, c *Cart, at time.Time) error {
	// Without lines nothing applies, so nothing can have changed.
	if c.Shown == nil || len(c.Lines) == 0 {
		return nil
	}
	p, err := q.Quote(ctx, c, at)
	if err == nil {
		c.PromotionChanges = p.promotionChanges(c)
	}
	return err
}

// ApplyChange runs a change of the cart so that what the clock has done to its promotions is not lost among what the
// shopper does: before the change it notes what has moved, after it what is shown. It returns the cart as it is priced
// then. Round trips are those of one quote, and of what the change itself asks for: of a shopper whose address it
// changes, for example.
func (q Quoter) ApplyChange(ctx context.Context, c *Cart, at time.Time, change func(*Cart) error) (Priced, error) {
	q.Promotions, q.Variants = store.Once(q.snapshot()), &variantsOnce{reader: q.Variants}
	if err := q.Note(ctx, c, at); err != nil {
		return Priced{}, err
	}
	if err := change(c); err != nil {
		return Priced{}, err
	}
	// What was shown is over once the shopper has changed
	// the cart; the quote must not compare with it.
	c.Shown = nil
	p, err := q.Quote(ctx, c, at)
	if err != nil {
		return Priced{}, err
	}
	c.Shown = &ShownPromotions{Applied: p.Outcome.Applied, Total: p.Totals.Total}
	return p, nil
}

// AcceptPromotions takes what promotions do as seen by the shopper.
func (c *Cart) AcceptPromotions() { c.PromotionChanges, c.Shown = nil, nil }

// refusals are the texts for developers, in English, for the reasons why a code does nothing. What a shopper reads is
// package problemtext's.
var refusals = map[promotion.Reason]string{
	promotion.Unknown:           "There is no such code.",
	promotion.NotStarted:        "This code is not valid yet.",
	promotion.HasEnded:          "This code is no longer valid.",
	promotion.IsPaused:          "This code is not valid at the moment.",
	promotion.BudgetExhausted:   "What was set aside for this code has been used up.",
	promotion.LimitReached:      "You have used this code as often as it may be.",
	promotion.UsedUp:            "This code has been used as often as it may be.",
	promotion.EmailRequired:     "Enter your mail address to use this code.",
	promotion.FirstOrderOnly:    "This code is for first orders.",
	promotion.NotForShipping:    "This code is not for this country or shipping method.",
	promotion.NoMatchingItems:   "Nothing in the cart is what this code is for.",
	promotion.UsedCode:          "This code has been used.",
	promotion.MembersOnly:       "This code is for members.",
	promotion.LoginRequired:     "Log in to use this code.",
	promotion.NotEligible:       "This code is for other customers.",
	promotion.NotInCurrency:     "This code does not work in this currency.",
	promotion.MinimumNotMet:     "Something is missing for this code.",
	promotion.NotCombinable:     "Another code of the same offer is used.",
	promotion.BetterOffer:       "Another offer that cannot be combined with this code makes the cart cheaper.",
	promotion.WouldCostMore:     "With this code the cart would cost more, for example for the shipping.",
	promotion.NothingMore:       "With this code the cart would cost the same.",
	promotion.NothingToDiscount: "Nothing that this code is for can become cheaper.",
}

// checkOffers adds what promotions have to say: codes that do nothing, limited editions that this shopper cannot buy,
// and what has changed since the cart was shown.
func (p *Priced) checkOffers(c *Cart, at time.Time) {
	for _, r := range p.Outcome.Refused {
		refused := RefusedCode{
			Code: r.Code, Reason: reasonOf(r.Reason), Detail: refusals[r.Reason], PromotionID: r.PromotionID,
			MissingAmount: r.MissingAmount, MissingUnits: r.MissingUnits, Message: p.refusal(c, r),
		}
		if !r.Opens.IsZero() {
			refused.OpensAt = &r.Opens
		}
		p.Refused = append(p.Refused, refused)
		facts := map[string]any{"code": r.Code, "reason": refused.Reason}
		if r.MissingAmount > 0 {
			facts["missingAmount"] = r.MissingAmount
		}
		if r.MissingUnits > 0 {
			facts["missingUnits"] = r.MissingUnits
		}
		p.add("code_refused", "", false, refused.Detail, facts)
		// The reason says more than the text of the problem's code.
		at := slices.IndexFunc(p.Problems, func(o Problem) bool {
			return o.Code == "code_refused" && o.Facts["code"] == r.Code
		})
		p.Problems[at].Message = refused.Message
	}
	for _, h := range p.Outcome.Restrictions {
		p.hold(h)
	}
	for _, m := range p.promotionChanges(c) {
		p.add("offer_changed", "", m.Rose, p.noteChanges(m, at), map[string]any{
			"promotionId": m.PromotionID, "before": m.Before, "after": m.After, "giftsBefore": m.GiftsBefore,
			"giftsAfter": m.GiftsAfter,
			"reason":     p.why(m, at),
		})
	}
}

// refusal is what to tell the shopper about a refused code, in the language of the cart.
func (p *Priced) refusal(c *Cart, r promotion.Refused) string {
	amount := ""
	if r.MissingAmount > 0 {
		amount = money.Of(r.MissingAmount, c.Currency).Formatted().Display
	}
	return problemtext.Refusal(string(r.Reason), amount, r.MissingUnits, c.Language)
}

// reasonOf names the reason as carts do: a bare "unknown"
// would not say of what in the list of problems.
func reasonOf(r promotion.Reason) string {
	if r == promotion.Unknown {
		return "unknown_code"
	}
	return string(r)
}

// hold adds the problem of a limited edition that cannot be bought.
func (p *Priced) hold(h promotion.Restriction) {
	facts := map[string]any{"promotionId": h.PromotionID}
	switch h.Reason {
	case promotion.NotStarted:
		facts["opensAt"] = h.Opens.UTC().Format(time.RFC3339)
		p.add("not_open_yet", h.LineID, true, "The sale of this has not begun.", facts)
	case promotion.MembersOnly:
		p.add("members_only", h.LineID, true, "This is for members.", facts)
	case promotion.LoginRequired:
		facts["limit"] = h.Limit
		p.add("login_required", h.LineID, true, "Log in to buy this.", facts)
	case promotion.LimitReached:
		facts["limit"], facts["left"] = h.Limit, h.Left
		p.add("customer_limit_reached", h.LineID, true, "More than one customer may buy.", facts)
	// The other reasons are about the promotion, not about
	// the shopper, and no action of theirs removes them.
	default:
		facts["reason"] = h.Reason
		p.add("not_available", h.LineID, true, "The sale of this is over, or not for this purchase.", facts)
	}
}

// why is the reason for a change: the promotion started, ended, was paused,
// or does more or less than before. A membership's benefit has reasons of
// its own, because its promotion is made of the plan and has no schedule.
func (p *Priced) why(m PromotionChange, at time.Time) string {
	if plan, ok := promotion.PlanOfBenefit(m.PromotionID); ok {
		return p.whyBenefit(m, plan)
	}
	// A promotion that is no longer in the snapshot was deleted or ended long ago.
	state := promotion.Ended
	if o := p.Promotions.Promotion(m.PromotionID); o != nil {
		state = o.StateAt(at)
	}
	// The order of the cases matters: a promotion that ended
	// does nothing after either, and "ended" says more.
	switch {
	case state == promotion.Ended:
		return "ended"
	case state == promotion.Paused:
		return "paused"
	case m.Before == 0 && m.GiftsBefore == 0:
		return "started"
	case m.After == 0 && m.GiftsAfter == 0:
		return "no_longer_applies"
	}
	return "amount"
}

// whyBenefit is why for the benefit of a plan's membership.
func (p *Priced) whyBenefit(m PromotionChange, planID string) string {
	switch {
	case !p.Member.HasPlan(planID):
		return "membership_ended"
	case m.Before == 0:
		return "membership_began"
	case m.After == 0:
		return "no_longer_applies"
	}
	return "amount"
}

// noteChanges is the text for one change, in English with
// the promotion's name in the cart's language.
func (p *Priced) noteChanges(m PromotionChange, at time.Time) string {
	// The id is shown where the promotion is gone and its name is not known.
	name := m.PromotionID
	if plan, ok := promotion.PlanOfBenefit(m.PromotionID); ok {
		name = "A benefit of your membership"
		if i := slices.IndexFunc(p.Member, func(h membership.Plan) bool { return h.ID == plan }); i >= 0 {
			name += " " + p.Member[i].Title
		}
	}
	if o := p.Promotions.Promotion(m.PromotionID); o != nil {
		name = o.Name.In(p.Cart.Language, "en")
	}
	switch p.why(m, at) {
	case "membership_ended":
		return name + " no longer applies: the membership is not in force any more."
	case "membership_began":
		return name + " applies since you last saw the cart."
	case "started":
		return name + " has begun since you last saw the cart."
	case "ended":
		return name + " has ended since you last saw the cart."
	case "paused", "no_longer_applies":
		return name + " no longer applies."
	}
	return name + " takes another amount off than you last saw."
}
