package subscriptions

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"dangol/shared/address"
	"dangol/shared/catalog"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// SubscriptionChangeRequest is a change that a subscriber asks for; do says which, and which of the other fields count.
// The same body is quoted and done.
type SubscriptionChangeRequest struct {
	Do       string              `json:"do" enum:"skip_next,unskip,change_date,pause,resume,swap,change_quantity,change_address,move,upgrade,downgrade,cancel,cancel_now,reactivate"`
	To       civil.Date          `json:"to,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"change_date: the next day a period opens." example:"2026-12-05"`
	Day      int                 `json:"day,omitempty" minimum:"1" maximum:"31" doc:"change_date: the day of the month to keep to."`
	Until    civil.Date          `json:"until,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"pause" example:"2027-02-01"`
	Quantity int                 `json:"quantity,omitempty" minimum:"1" maximum:"100" doc:"change_quantity; of upgrade and downgrade when given."`
	Contents []subscription.Item `json:"contents,omitempty" maxItems:"50" doc:"swap"`
	Address  *address.Address    `json:"address,omitempty" doc:"change_address"`
	PlanID   string              `json:"planId,omitempty" maxLength:"64" doc:"upgrade, downgrade; reactivate after the end"`
	Zone     string              `json:"zone,omitempty" maxLength:"64" doc:"move" example:"Europe/Berlin"`
	Region   string              `json:"region,omitempty" pattern:"^[A-Z]{2}$" doc:"move" example:"DE"`
	Reason   string              `json:"reason,omitempty" maxLength:"500" doc:"cancel, cancel_now"`
	BankReturn
}

// resolvedChange is a change request that has been worked out: the command for the rules, and an
// edit of what is stored around them (addresses, titles, cards), written in the same item.
type resolvedChange struct {
	command   subscription.Command
	edit      func(*service.Record)
	single    bool   // the customer can have one of the plan that the command leads to
	returnURL string // where the bank sends the shopper back to, should it ask for them
	// who of the shop asks for it in the customer's place, and what they noted
	shop, note string
}

// work turns a change request of the subscriber into a command. Plans and variants that it names
// are read. Errors: 404 plan_not_found, 409 recipient_decides, invalid_input, those of Plan.Terms.
func (f *Subscriptions) work(ctx context.Context, r *service.Record, w SubscriptionChangeRequest) (resolvedChange,
	error) {
	if g := r.Sub.Gift; g != nil && g.ClaimedBy != "" && slices.Contains(recipientDoes, w.Do) {
		return resolvedChange{}, problem.Conflict("recipient_decides",
			"The gift has been claimed; this is up to its recipient.")
	}
	returnURL, err := w.checked()
	if err != nil {
		return resolvedChange{}, err
	}
	c, err := f.workOut(ctx, r, w)
	c.returnURL = returnURL
	return c, err
}

// workOut is work without the question who decides: the recipient of a gift comes here directly.
func (f *Subscriptions) workOut(ctx context.Context, r *service.Record, w SubscriptionChangeRequest) (resolvedChange,
	error) {
	if err := w.bounds(); err != nil {
		return resolvedChange{}, err
	}
	switch w.Do {
	case "skip_next":
		return resolvedChange{command: subscription.SkipNext{}}, nil
	case "unskip":
		return resolvedChange{command: subscription.Unskip{}}, nil
	case "change_date":
		return resolvedChange{command: subscription.ChangeDate{To: w.To, Day: w.Day}}, nil
	case "pause":
		return resolvedChange{command: subscription.Pause{Until: w.Until}}, nil
	case "resume":
		return resolvedChange{command: subscription.Resume{}}, nil
	case "swap":
		return f.swap(ctx, r, w)
	case "change_quantity":
		return resolvedChange{command: subscription.ChangeQuantity{Quantity: w.Quantity}}, nil
	case "change_address":
		return f.address(w)
	case "move":
		// The time zone is checked by the rules, the country here: format knows the list of
		// countries.
		if w.Region != "" {
			if _, err := format.Country("/region", w.Region); err != nil {
				return resolvedChange{}, err
			}
		}
		if w.Zone == "" && w.Region == "" {
			return resolvedChange{}, problem.InvalidField("/zone", "required", "a time zone, a country, or both")
		}
		// What is left out stays as it is.
		return resolvedChange{command: subscription.Move{
			Zone: cmp.Or(w.Zone, r.Sub.Anchor.Zone), Region: cmp.Or(w.Region, r.Sub.Region),
		}}, nil
	case "cancel", "cancel_now":
		return resolvedChange{command: subscription.Cancel{Reason: w.Reason, Now: w.Do == "cancel_now"}}, nil
	case "reactivate":
		return f.again(ctx, r, w)
	// The enum of the API leaves only upgrade and downgrade.
	default:
		return f.otherPlan(ctx, r, w)
	}
}

// bounds holds a change against the bounds of its tags, whichever of its fields count.
func (w SubscriptionChangeRequest) bounds() error {
	var wrong problem.Fields
	wrong.Text(w.Reason, 0, maxText, "/reason")
	wrong.Between(w.Day, 0, 31, "/day")
	wrong.Between(w.Quantity, 0, subscription.MaxQuantity, "/quantity")
	wrong.Count(len(w.Contents), 0, maxContents, "/contents")
	wrong.Require(w.To == "" || w.To.Valid(), "/to", "wrong_format", "a day such as 2026-12-05")
	wrong.Require(w.Until == "" || w.Until.Valid(), "/until", "wrong_format", "a day such as 2027-02-01")
	return wrong.Err()
}

// maxContents is how many variants a box may have.
const maxContents = 50

// Bounds of texts, in characters.
const (
	maxText = 500 // what subscriber or shop say of a change
	maxName = 100 // of a person
)

// address stores the new address under an id of its own. Parcels under way keep the address they
// were made for.
func (f *Subscriptions) address(w SubscriptionChangeRequest) (resolvedChange, error) {
	if w.Address == nil {
		return resolvedChange{}, problem.InvalidField("/address", "required", "where to send it")
	}
	to, id, err := addressOf("/address", *w.Address)
	if err != nil {
		return resolvedChange{}, err
	}
	return resolvedChange{command: subscription.ChangeAddress{AddressID: id}, edit: func(r *service.Record) {
		kept := map[string]address.Address{id: to}
		// Kept: the address of now, and those that stored delivery tasks still name. All others go,
		// so that the item stays small.
		if now, ok := r.Addresses[r.Sub.AddressID]; ok {
			kept[r.Sub.AddressID] = now
		}
		for _, t := range r.Tasks {
			if a, ok := r.Addresses[t.AddressID]; ok {
				kept[t.AddressID] = a
			}
		}
		r.Addresses = kept
	}}, nil
}

// addressOf is an address as it is stored, and the id that a subscription knows it by, made of its text. Errors: 422
// with pointers below the given one.
func addressOf(pointer string, a address.Address) (address.Address, string, error) {
	a, err := a.Normalize(pointer)
	if err != nil {
		return a, "", err
	}
	raw, err := json.Marshal(a)
	sum := sha256.Sum256(raw)
	// Eight bytes of the hash are enough to tell a handful of addresses apart; the same text gives
	// the same id, so a repeated request changes nothing.
	return a, "adr_" + hex.EncodeToString(sum[:8]), err
}

// toPlan is a change to a plan on offer but for its command, and the terms for this subscriber. A quantity of 0 keeps
// the present one. 1 round trip. Errors: 404 plan_not_found, those of Plan.Terms.
func (f *Subscriptions) toPlan(ctx context.Context, r *service.Record, planID string, quantity int) (subscription.Terms,
	resolvedChange, error) {
	p, err := f.onOffer(ctx, planID)
	if err != nil {
		return subscription.Terms{}, resolvedChange{}, err
	}
	t, edit, err := termsOf(p, r, quantity)
	return t, resolvedChange{
		edit: edit,
		// A gift is somebody else's.
		single: p.Kind == subscription.Membership && !p.Several && r.Sub.Gift == nil,
	}, err
}

// termsOf are the terms of a plan for a subscriber, and the edit that stores its title.
func termsOf(p *service.Plan, r *service.Record, quantity int) (subscription.Terms, func(*service.Record), error) {
	if quantity == 0 {
		quantity = r.Sub.Terms.Quantity
	}
	// The currency of a subscription never changes: credit and invoices are in it.
	t, err := p.Terms(r.Sub.Terms.Currency, quantity)
	return t, func(r *service.Record) {
		if r.Titles == nil {
			r.Titles = map[string]string{}
		}
		r.Titles[p.ID] = titleOf(p, r.Language)
	}, err
}

// onOffer reads a plan that can be subscribed to now. 1 round trip. Errors: 404 plan_not_found,
// also for an archived plan.
func (f *Subscriptions) onOffer(ctx context.Context, planID string) (*service.Plan, error) {
	p, err := f.Billing.Plan(ctx, planID)
	if err != nil {
		return nil, err
	}
	if p.Archived {
		return nil, problem.NotFound("plan_not_found", "There is no such plan.")
	}
	return p, nil
}

// otherPlan works out an upgrade or downgrade. Whether the new plan really is dearer or cheaper is
// decided by the rules, which answer with a problem when it is not.
func (f *Subscriptions) otherPlan(ctx context.Context, r *service.Record, w SubscriptionChangeRequest) (resolvedChange,
	error) {
	if w.PlanID == "" {
		return resolvedChange{}, problem.InvalidField("/planId", "required", "the plan to change to")
	}
	t, c, err := f.toPlan(ctx, r, w.PlanID, w.Quantity)
	if err != nil {
		return resolvedChange{}, err
	}
	c.command = subscription.Downgrade{Terms: t}
	if w.Do == "upgrade" {
		c.command = subscription.Upgrade{Terms: t}
	}
	return c, nil
}

// again takes a cancellation back. After the end it starts anew, with the same plan unless another
// is named, under the terms of today.
func (f *Subscriptions) again(ctx context.Context, r *service.Record, w SubscriptionChangeRequest) (resolvedChange,
	error) {
	if r.Sub.State != subscription.Ended {
		return resolvedChange{command: subscription.Reactivate{}}, nil
	}
	planID := w.PlanID
	if planID == "" {
		planID = r.Sub.Terms.PlanID
	}
	t, c, err := f.toPlan(ctx, r, planID, w.Quantity)
	c.command = subscription.Reactivate{Terms: &t}
	return c, err
}

// swap works out other contents for the coming cycles. 2 round trips.
func (f *Subscriptions) swap(ctx context.Context, r *service.Record, w SubscriptionChangeRequest) (resolvedChange,
	error) {
	// The contents of a box are editions chosen by the shop; a membership sends nothing.
	if r.Sub.Terms.Kind != subscription.Replenishment {
		return resolvedChange{}, problem.Conflict("not_for_this_plan", "What this plan sends is the shop's choice.")
	}
	p, err := f.Billing.Plan(ctx, r.Sub.Terms.PlanID)
	if err != nil {
		return resolvedChange{}, err
	}
	t, err := p.Terms(r.Sub.Terms.Currency, r.Sub.Terms.Quantity)
	if err != nil {
		return resolvedChange{}, err
	}
	price, unpriced, err := f.contentsPrice(ctx, p, t, w.Contents)
	if err != nil {
		return resolvedChange{}, err
	}
	if unpriced >= 0 {
		return resolvedChange{}, problem.InvalidField(fmt.Sprintf("/contents/%d/variantId", unpriced), "unknown_variant",
			"no variant that is sold in this currency")
	}
	return resolvedChange{command: subscription.Swap{Contents: w.Contents, Price: price}}, nil
}

// contentsPrice prices contents by what they cost in the catalog, with the discount that the plan gives on its own
// contents, which cost the price of the plan. unpriced is the first item that is not sold in the currency, -1 when all
// are. 1 round trip.
func (f *Subscriptions) contentsPrice(ctx context.Context, p *service.Plan, t subscription.Terms,
	contents []subscription.Item) (price int64, unpriced int, err error) {
	prices, err := f.Billing.UnitPrices(ctx, t.Currency,
		// The three-index slice forces append to copy: the contents that were given must not be written.
		append(contents[:len(contents):len(contents)], p.Contents...))
	if err != nil {
		return 0, -1, err
	}
	sum := func(items []subscription.Item) (n int64) {
		for _, it := range items {
			n += prices[it.VariantID] * int64(it.Quantity)
		}
		return n
	}
	unpriced = slices.IndexFunc(contents, func(it subscription.Item) bool { _, ok := prices[it.VariantID]; return !ok })
	// price = plan price x (catalog price of the contents / catalog price of the plan's contents), rounded half up.
	// Without a catalog price for the plan's own contents there is no discount to carry over, and the contents cost their
	// catalog price.
	price = sum(contents)
	if base := sum(p.Contents); base > 0 {
		price = (t.Price*price + base/2) / base
	}
	return price, unpriced, nil
}

// titleOf is the plan's name in a language, in English where it has none in it.
func titleOf(p *service.Plan, language string) string {
	return cmp.Or(catalog.Text(p.Name).In(language, "en"), p.ID)
}
