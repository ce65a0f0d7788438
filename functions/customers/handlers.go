package customers

import (
	"context"
	"strings"
	"time"

	"dangol/shared/address"
	"dangol/shared/customer"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// Profile is what the shop knows of a customer.
type Profile struct {
	ID        string                  `json:"id"`
	Email     string                  `json:"email,omitempty"`
	Name      string                  `json:"name,omitempty"`
	Language  string                  `json:"language,omitempty"`
	Addresses []customer.SavedAddress `json:"addresses" nullable:"false" doc:"The default first."`
	Since     time.Time               `json:"since"`
}

// ProfileOutput is one's own profile.
type ProfileOutput struct{ Body Profile }

func profileOf(p *customer.Profile) Profile {
	return Profile{
		ID: p.ID, Email: p.Email, Name: p.Name, Language: p.Language, Since: p.Since,
		Addresses: append([]customer.SavedAddress{}, p.Addresses...),
	}
}

type nothing struct{}

func (f *Customers) mine(ctx context.Context, _ *nothing) (*ProfileOutput, error) {
	p, err := f.Profiles.Get(ctx, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	return &ProfileOutput{profileOf(p)}, nil
}

// ProfileRequest is what a customer changes of the own profile; what is left out stays. The mail address is not among
// it: it is the one that the log-in has proven and that orders name.
type ProfileRequest struct {
	Name     *string `json:"name,omitempty" maxLength:"100" doc:"What the shop calls one." example:"김하늘"`
	Language *string `json:"language,omitempty" maxLength:"3" doc:"That the shop writes in: two or three letters." example:"ko"`
}

type renameInput struct{ Body ProfileRequest }

func (f *Customers) rename(ctx context.Context, in *renameInput) (*ProfileOutput, error) {
	p, err := f.Profiles.Change(ctx, auth.From(ctx).Subject, func(p *customer.Profile) (bool, error) {
		return p.Rename(in.Body.Name, in.Body.Language)
	})
	if err != nil {
		return nil, err
	}
	return &ProfileOutput{profileOf(p)}, nil
}

// AddressRequest is an address for the book.
type AddressRequest struct {
	Address address.Address `json:"address"`
	Default bool            `json:"default,omitempty" doc:"Comes first from now on."`
}

type addInput struct{ Body AddressRequest }

// SavedAddressOutput is an entry of the address book.
type SavedAddressOutput struct {
	Body customer.SavedAddress
}

func (f *Customers) addAddress(ctx context.Context, in *addInput) (*SavedAddressOutput, error) {
	a, err := in.Body.Address.Normalize("/address")
	if err != nil {
		return nil, err
	}
	out := &SavedAddressOutput{}
	_, err = f.Profiles.Change(ctx, auth.From(ctx).Subject, func(p *customer.Profile) (bool, error) {
		saved, err := p.AddAddress(a, in.Body.Default, f.Clock.Now())
		out.Body = saved
		return true, err
	})
	return out, err
}

// AddressPath names an entry of the address book. Exported because Huma fills only exported embedded structs.
type AddressPath struct {
	AddressID string `path:"addressId" maxLength:"40" example:"adr_01k9x7d3f8q7m2k"`
}

type replaceInput struct {
	AddressPath
	Body AddressRequest
}

func (f *Customers) replaceAddress(ctx context.Context, in *replaceInput) (*ProfileOutput, error) {
	a, err := in.Body.Address.Normalize("/address")
	if err != nil {
		return nil, err
	}
	return f.change(ctx, func(p *customer.Profile) error { return p.ReplaceAddress(in.AddressID, a, in.Body.Default) })
}

func (f *Customers) removeAddress(ctx context.Context, in *AddressPath) (*ProfileOutput, error) {
	return f.change(ctx, func(p *customer.Profile) error { return p.RemoveAddress(in.AddressID) })
}

// change changes the caller's profile and shows it.
func (f *Customers) change(ctx context.Context, rule func(*customer.Profile) error) (*ProfileOutput, error) {
	p, err := f.Profiles.Change(ctx, auth.From(ctx).Subject, func(p *customer.Profile) (bool, error) {
		return true, rule(p)
	})
	if err != nil {
		return nil, err
	}
	return &ProfileOutput{profileOf(p)}, nil
}

type claimInput struct {
	Body struct {
		IDToken string `json:"idToken" minLength:"1" maxLength:"5000" doc:"The identity token of the log-in."`
	}
}

// ClaimOutput lists the orders that have become the caller's.
type ClaimOutput struct {
	Body struct {
		Claimed []string `json:"claimed" nullable:"false" doc:"Ids of orders."`
	}
}

// claimedAtOnce is how many orders one request takes over; the rest is taken by the next.
const claimedAtOnce = 50

func (f *Customers) claim(ctx context.Context, in *claimInput) (*ClaimOutput, error) {
	who := auth.From(ctx).Subject
	sub, email, err := f.Identity(ctx, in.Body.IDToken)
	switch {
	case err != nil:
		return nil, err
	case sub != who:
		return nil, problem.NotFound("customer_not_found", "The identity token is not yours.")
	case email == "":
		return nil, problem.Forbidden("address_not_verified", "The token proves no mail address.")
	}
	page, err := f.Orders.OfGuest(ctx, email, claimedAtOnce, "")
	if err != nil {
		return nil, err
	}
	out := &ClaimOutput{}
	out.Body.Claimed = []string{}
	for _, card := range page.Orders {
		mine := false
		_, err := f.Orders.Change(ctx, card.ID, func(o *order.Order) (bool, []table.Write, error) {
			// The list is read a moment late: what has an owner by now, or another address, stays as it is.
			if mine = strings.EqualFold(o.Opener(), email); !mine {
				return false, nil, nil
			}
			var counts []table.Write
			mine, counts = o.Claim(who)
			return mine, counts, nil
		})
		if err != nil {
			return nil, err
		}
		if mine {
			out.Body.Claimed = append(out.Body.Claimed, card.ID)
		}
	}
	return out, nil
}

type findInput struct {
	api.Paging
	Query string `query:"q" maxLength:"254" doc:"How the name or the mail address begins, spaces and case aside; all customers when left out." example:"김하늘"`
}

// CustomerList is a page of customers: those found by name first, then by mail address.
type CustomerList struct {
	Body struct {
		Customers  []customer.Summary `json:"customers" nullable:"false"`
		NextCursor string             `json:"nextCursor,omitempty"`
	}
}

func (f *Customers) find(ctx context.Context, in *findInput) (*CustomerList, error) {
	found, next, err := f.Profiles.Find(ctx, in.Query, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &CustomerList{}
	out.Body.Customers, out.Body.NextCursor = found, string(next)
	return out, nil
}

// CustomerPath names a customer. Exported because Huma fills only exported embedded structs.
type CustomerPath struct {
	CustomerID string `path:"customerId" maxLength:"128"`
}

// CustomerOrder is an order in the shop's view of a customer.
type CustomerOrder struct {
	ID       string          `json:"id"`
	State    order.State     `json:"state" enum:"placed,partially_fulfilled,fulfilled,delivered,canceled"`
	Title    string          `json:"title" doc:"Of the first line."`
	Total    money.Formatted `json:"total"`
	PlacedAt time.Time       `json:"placedAt"`
}

// CustomerSubscription is a subscription in the shop's view of a customer.
type CustomerSubscription struct {
	ID        string             `json:"id" example:"sub_01jt3v9q2d8m4x6c7b5n1k0h2g"`
	State     subscription.State `json:"state" enum:"starting,trialing,active,past_due,suspended,paused,canceled,ended"`
	PlanID    string             `json:"planId"`
	Title     string             `json:"title" doc:"Of the plan."`
	Amount    money.Formatted    `json:"amount" doc:"Of a payment."`
	Closes    civil.Date         `json:"closes" doc:"The day the running period ends."`
	Unpaid    bool               `json:"unpaid" doc:"Whether an invoice was declined and is not paid."`
	StartedAt time.Time          `json:"startedAt"`
}

// CustomerOutput is a customer as the shop sees them.
type CustomerOutput struct {
	Body struct {
		Profile
		Notes      []customer.Note `json:"notes" nullable:"false" doc:"The shop's, newest first."`
		Orders     []CustomerOrder `json:"orders" nullable:"false" doc:"The latest; GET /admin/orders/search?customerId= has all."`
		MoreOrders bool            `json:"moreOrders"`

		Subscriptions []CustomerSubscription `json:"subscriptions" nullable:"false" doc:"The latest, newest first; GET /admin/subscriptions?q= has all."`
	}
}

// ordersShown is how many orders, and how many subscriptions, the view of a customer has.
const ordersShown = 20

func (f *Customers) look(ctx context.Context, in *CustomerPath) (*CustomerOutput, error) {
	p, err := f.Profiles.Get(ctx, in.CustomerID)
	if err != nil {
		return nil, err
	}
	page, err := f.Orders.OfCustomer(ctx, in.CustomerID, ordersShown, "")
	if err != nil {
		return nil, err
	}
	subscriptions, _, err := f.Subscriptions.OfCustomer(ctx, in.CustomerID, ordersShown, "")
	if err != nil {
		return nil, err
	}
	if p.Version == 0 && len(page.Orders) == 0 && len(subscriptions) == 0 {
		return nil, problem.NotFound("customer_not_found", "There is no such customer.")
	}
	out := &CustomerOutput{}
	b := &out.Body
	b.Profile, b.Notes = profileOf(p), append([]customer.Note{}, p.Notes...)
	b.Orders, b.MoreOrders = make([]CustomerOrder, len(page.Orders)), page.Next != ""
	for i, o := range page.Orders {
		b.Orders[i] = CustomerOrder{
			ID: o.ID, State: o.State, Title: o.Title, Total: money.Of(o.Total, o.Currency).Formatted(), PlacedAt: o.PlacedAt,
		}
	}
	b.Subscriptions = make([]CustomerSubscription, len(subscriptions))
	for i, s := range subscriptions {
		b.Subscriptions[i] = CustomerSubscription{
			ID: s.ID, State: s.State, PlanID: s.PlanID, Title: s.Title, Closes: s.Closes, Unpaid: s.Unpaid,
			Amount: money.Of(s.Amount, s.Currency).Formatted(), StartedAt: s.StartedAt,
		}
	}
	return out, nil
}

type noteInput struct {
	CustomerPath
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000"`
	}
}

// NoteOutput is a note.
type NoteOutput struct{ Body customer.Note }

func (f *Customers) note(ctx context.Context, in *noteInput) (*NoteOutput, error) {
	n := customer.Note{At: f.Clock.Now(), By: auth.From(ctx).Subject, Text: in.Body.Text}
	_, err := f.Profiles.Change(ctx, in.CustomerID, func(p *customer.Profile) (bool, error) {
		return true, p.AddNote(n)
	})
	return &NoteOutput{n}, err
}
