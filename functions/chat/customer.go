package chat

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/compliance"
	"dangol/shared/conversation"
	"dangol/shared/customer"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
	reviews "dangol/shared/review/store"
	"dangol/shared/rma"
	"dangol/shared/subscription/service"
)

// customers reads what the shop knows of a customer: for the hand-over table, and for the agent who answers.
type customers struct {
	orders        order.Store
	returns       rma.Store
	subscriptions *service.Service
	reviews       reviews.Store
	profiles      customer.Store
	contacts      contact.Store
}

// listed is how many orders, returns and subscriptions an agent sees.
const listed = 10

// Signals says whether people serve the customer: a regular by the orders of the last year, and whether a recovery case
// waits to be resolved. 2 round trips, and 1 for each recovery case of the customer.
func (k customers) Signals(ctx context.Context, customerID string) (vip, openCase bool, err error) {
	page, err := k.orders.OfCustomer(ctx, customerID, 2*conversation.VIPOrders, "")
	if err != nil {
		return false, false, err
	}
	var bought []time.Time
	for _, o := range page.Orders {
		if o.State != order.Canceled {
			bought = append(bought, o.PlacedAt)
		}
	}
	open, err := k.reviews.Unresolved(ctx, customerID)
	return conversation.IsVIP(bought, k.orders.Clock.Now()), len(open) > 0, err
}

// RecentOrder is an order as the side panel shows it.
type RecentOrder struct {
	ID       string    `json:"id"`
	Number   string    `json:"number"`
	State    string    `json:"state"`
	Total    string    `json:"total"`
	PlacedAt time.Time `json:"placedAt"`
}

// RecentReturn is a return as the side panel shows it.
type RecentReturn struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Resolution string    `json:"resolution"`
	Title      string    `json:"title"`
	Value      string    `json:"value"`
	CreatedAt  time.Time `json:"createdAt"`
}

// HeldSubscription is a subscription as the side panel shows it, an ended one included.
type HeldSubscription struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Title  string `json:"title"`
	Price  string `json:"price" doc:"of a payment"`
	Closes string `json:"closes" doc:"the day the running period ends"`
	Unpaid bool   `json:"unpaid"`
}

// OpenCase is a recovery case that waits to be resolved.
type OpenCase struct {
	ID       string    `json:"id"`
	OrderID  string    `json:"orderId"`
	State    string    `json:"state"`
	AnswerBy time.Time `json:"answerBy"`
}

// WrittenReview is a review as the side panel shows it, whatever its state.
type WrittenReview struct {
	ID        string    `json:"id"`
	ProductID string    `json:"productId"`
	State     string    `json:"state"`
	Stars     int       `json:"stars"`
	Text      string    `json:"text" doc:"The beginning."`
	WrittenAt time.Time `json:"writtenAt"`
}

// CustomerView is what an agent sees of a customer besides the conversation.
type CustomerView struct {
	VIP           bool               `json:"vip" doc:"A regular: see docs/chat.md."`
	Orders        []RecentOrder      `json:"orders"`
	Returns       []RecentReturn     `json:"returns"`
	Subscriptions []HeldSubscription `json:"subscriptions"`
	Reviews       []WrittenReview    `json:"reviews"`
	Cases         []OpenCase         `json:"cases" doc:"Recovery cases that wait to be resolved."`
	// Consent is empty for somebody without an account's mail address.
	Consent map[compliance.Channel]compliance.ChannelConsent `json:"consent" doc:"to advertising, by channel"`
}

// noCustomer is what is seen of a guest.
func noCustomer() CustomerView {
	return CustomerView{
		Orders: []RecentOrder{}, Returns: []RecentReturn{}, Subscriptions: []HeldSubscription{}, Reviews: []WrittenReview{},
		Cases: []OpenCase{}, Consent: map[compliance.Channel]compliance.ChannelConsent{},
	}
}

// readsAtOnce bounds how many of its sources a view reads at the same time: one agent's panel takes a few connections
// to the database and not one for each source.
const readsAtOnce = 4

// View reads all of it, its sources side by side. 8 round trips, and 1 for each recovery case; it takes as long as
// about 3 of them. The first failure ends it.
func (k customers) View(ctx context.Context, customerID string) (CustomerView, error) {
	v := noCustomer()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	// Each writes the fields that are its own. The longest come first.
	for _, read := range []func(context.Context, string, *CustomerView) error{
		k.readCases, k.readConsent, k.readReviews, k.readOrders, k.readReturns, k.readSubscriptions,
	} {
		group.Go(func() error { return read(ctx, customerID, &v) })
	}
	if err := group.Wait(); err != nil {
		return noCustomer(), err
	}
	return v, nil
}

// readOrders lists the last orders. What makes a VIP is worked out from the same page.
func (k customers) readOrders(ctx context.Context, customerID string, v *CustomerView) error {
	page, err := k.orders.OfCustomer(ctx, customerID, 2*conversation.VIPOrders, "")
	var bought []time.Time
	for _, o := range page.Orders {
		if o.State != order.Canceled {
			bought = append(bought, o.PlacedAt)
		}
		if len(v.Orders) < listed {
			v.Orders = append(v.Orders, RecentOrder{
				ID: o.ID, Number: order.NumberOf(o.ID), State: string(o.State), Total: display(o.Total, o.Currency),
				PlacedAt: o.PlacedAt,
			})
		}
	}
	v.VIP = conversation.IsVIP(bought, k.orders.Clock.Now())
	return err
}

func (k customers) readReturns(ctx context.Context, customerID string, v *CustomerView) error {
	page, err := k.returns.OfCustomer(ctx, customerID, listed, "")
	for _, r := range page.Cards {
		v.Returns = append(v.Returns, RecentReturn{
			ID: r.ID, State: string(r.State), Resolution: string(r.Resolution), Title: r.Title,
			Value: display(r.Value, r.Currency), CreatedAt: r.CreatedAt,
		})
	}
	return err
}

func (k customers) readSubscriptions(ctx context.Context, customerID string, v *CustomerView) error {
	cards, _, err := k.subscriptions.OfCustomer(ctx, customerID, listed, "")
	for _, s := range cards {
		v.Subscriptions = append(v.Subscriptions, HeldSubscription{
			ID: s.ID, State: string(s.State), Title: s.Title, Price: display(s.Amount, s.Currency), Closes: string(s.Closes),
			Unpaid: s.Unpaid,
		})
	}
	return err
}

// shownOfReview is how many characters of a review the side panel shows.
const shownOfReview = 120

func (k customers) readReviews(ctx context.Context, customerID string, v *CustomerView) error {
	mine, _, err := k.reviews.Mine(ctx, customerID, listed, "")
	for _, r := range mine {
		text := []rune(r.Text)
		if len(text) > shownOfReview {
			text = append(text[:shownOfReview], '…')
		}
		v.Reviews = append(v.Reviews, WrittenReview{
			ID: r.ID, ProductID: r.ProductID, State: string(r.State), Stars: r.Stars, Text: string(text), WrittenAt: r.Written,
		})
	}
	return err
}

func (k customers) readCases(ctx context.Context, customerID string, v *CustomerView) error {
	open, err := k.reviews.Unresolved(ctx, customerID)
	for _, c := range open {
		v.Cases = append(v.Cases, OpenCase{ID: c.ID, OrderID: c.OrderID, State: string(c.State), AnswerBy: c.AnswerBy})
	}
	return err
}

// readConsent reads what the customer has agreed to receive. Only the account's own address is looked up: one that was
// typed into the chat is nobody's proof.
func (k customers) readConsent(ctx context.Context, customerID string, v *CustomerView) error {
	profile, err := k.profiles.Get(ctx, customerID)
	if err != nil || profile.Email == "" {
		return err
	}
	known, err := k.contacts.Of(ctx, profile.Email)
	for channel, state := range known.Consent {
		v.Consent[channel] = state.Answer
	}
	return err
}

// display is an amount as people read it.
func display(amount int64, currency string) string {
	return money.Of(amount, currency).Formatted().Display
}

// newCustomers reads from the three tables.
func newCustomers(care, commerce, outreach *table.Table, b business) customers {
	clock := b.orders.Clock
	return customers{
		orders: b.orders, subscriptions: b.subscriptions, returns: rma.Store{Table: commerce},
		reviews:  reviews.Store{Table: care, Clock: clock},
		profiles: customer.Store{Table: commerce, Clock: clock},
		contacts: contact.Store{Table: outreach},
	}
}
