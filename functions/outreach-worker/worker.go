// Package outreachworker moves people through series, plans the mails of campaigns, and sends push messages and
// webhooks. It owns the items RUN#..., CAMPAIGN#.../PAGE#... and the changes of CONTACT#... that follow from what
// people do (package shared/outreach/service), and puts mails into the outbox, which functions/mailer sends. It
// publishes no events.
//
// Triggers:
//
//	the bus  what people do: carts, orders, deliveries, subscriptions (Consumers)
//	queue    what is due: steps of series, pages of campaigns, confirmations of consent, push messages
//
// Events come twice, late and in any order: a run has a key and is started once, a purchase that is heard of late ends
// a series that was started for an older cart, and a message has an id made of run and step.
package outreachworker

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/events"
	"dangol/shared/mail/address"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/push"
	"dangol/shared/outreach/recommend"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/platform/worker"
)

// Timeout is the longest the function may run.
const Timeout = 45 * time.Second

// Worker is the function with what it needs.
type Worker struct {
	Service *service.Service
	Pusher  service.Pusher
	// Webhooks sends what the shop's other systems are told of.
	Webhooks webhook.Deliverer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "outreach-worker", Purpose: "Moves people through message series, plans the mails of campaigns, sends web " +
			"push and webhooks",
		// Shorter than the lease of a task.
		New: New, Memory: 256, Timeout: Timeout,
		Environment: append(service.Variables(), "COMMERCE_TABLE", "MAIL_FROM", "PUSH_HOSTS", "WEBHOOK_HOSTS"),
		Tables: []function.Grant{
			{
				Table:   table.Outreach.Name,
				Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "Query"}, Indexes: []string{table.ByOne},
			},
			// segments of customers, for promotions; carts, products and stock, for the products in mails
			{Table: table.Commerce.Name, Actions: []string{"PutItem", "BatchGetItem"}},
		},
		Data: []function.Data{{
			Title: "People, series, campaigns",
			About: "Package `shared/outreach/service`. One item a person, a run of a series, a campaign and each page of " +
				"its audience.",
			Patterns: service.AccessPatterns,
		}},
		Jobs: Worker{}.jobs(), Events: Worker{}.consumers().Types(),
	}
}

// New builds the function. Environment: service.Variables; MAIL_FROM, whom push services may ask; COMMERCE_TABLE;
// PUSH_HOSTS, other push services than those of the browsers, and WEBHOOK_HOSTS, hosts of a laptop that webhooks may
// reach.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	s, err := service.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	var config struct {
		From  string   `env:"MAIL_FROM"`
		Hosts []string `env:"PUSH_HOSTS,optional"`
		Hooks []string `env:"WEBHOOK_HOSTS,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	from, err := address.Parse(config.From) // without the name that may stand around it
	if err != nil {
		return nil, fmt.Errorf("environment variable MAIL_FROM: %w", err)
	}
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	s.Commerce = tables[0]
	s.Recommend = recommend.New(tables[0], s.Table, env.Clock, s.Shop.URL)
	engine := task.Engine{Table: s.Table, Clock: env.Clock, Log: env.Log, Metrics: env.Metrics()}
	pusher := service.Pusher{
		Service: s, Client: env.HTTP, Hosts: append(push.Hosts, config.Hosts...), Subject: "mailto:" + from,
		Engine: engine,
	}
	webhooks := webhook.Deliverer{
		Store: s.Webhooks.Store, Client: webhook.Client(config.Hooks), Hosts: config.Hooks, Engine: engine, Log: env.Log,
	}
	w := Worker{Service: s, Pusher: pusher, Webhooks: webhooks}
	return function.Handlers{Jobs: w.jobs(), Events: w.consumers(), Log: env.Log}.Lambda(), nil
}

// jobs are the kinds of due jobs that the function does.
func (w Worker) jobs() worker.Kinds {
	outreach := table.Outreach.Name
	s := w.Service
	return worker.Kinds{
		{Name: service.DueRun, Table: outreach, Handle: s.WorkRun},
		{Name: service.DueContact, Table: outreach, Handle: s.WorkContact},
		{Name: service.DueCampaign, Table: outreach, Handle: s.WorkCampaign},
		{Name: service.DuePage, Table: outreach, Handle: s.WorkPage},
		{Name: service.DueSegment, Table: outreach, Handle: s.WorkSegment},
		{Name: service.DuePush, Table: outreach, Handle: w.Pusher.Kind().Work},
		{Name: webhook.Due, Table: outreach, Handle: w.Webhooks.Kind().Work},
	}
}

// consumers are the events that the function consumes.
func (w Worker) consumers() function.Consumers {
	return function.Consumers{
		function.On(w.cartChanged), function.On(w.orderPlaced), function.On(w.orderCanceled),
		function.On(w.orderNeverPaid), function.On(w.orderDelivered), function.On(w.subscriptionChanged),
		function.On(w.reviewPublished), function.On(w.returnRequested), function.On(w.returnCompleted),
		function.On(w.returnRejected), function.On(w.returnCanceled), function.On(w.orderRefunded),
	}
}

// cartChanged is a cart with a known address that has goods in it.
func (w Worker) cartChanged(ctx context.Context, e event.Envelope, b events.CartChanged) error {
	return w.take(ctx, b.Email, service.TriggerEvent{
		Event: happened("cart.changed", e, "cartId", b.CartID, "customerId", b.CustomerID, "url",
			w.Service.Shop.URL+"/cart"),
		Profile: profile(b.CustomerID, "", b.Language, ""),
	})
}

// orderPlaced notes a purchase and whose it is, for later events that name no address. What is sent in exchange is no
// purchase: it starts and counts nothing, until it is delivered.
func (w Worker) orderPlaced(ctx context.Context, e event.Envelope, b events.OrderPlaced) error {
	whose := []table.Write{service.Buyer(b.OrderID, b.Email, e.Time)}
	if b.Origin != "" {
		return w.take(ctx, b.Email, service.TriggerEvent{Event: sequence.Event{At: e.Time}, Also: whose})
	}
	order := &segment.Order{ID: b.OrderID, At: b.PlacedAt, Amount: b.Total.Amount, Currency: b.Total.Currency}
	for _, l := range b.Lines {
		order.Products = append(order.Products, l.ProductID)
	}
	return w.take(ctx, b.Email, service.TriggerEvent{
		Event: happened("order.placed", e, "orderId", b.OrderID, "url", w.Service.Shop.URL+"/"), Order: order,
		Also:    whose,
		Profile: purchase(b.CustomerID, b.Name, b.Language, b.Place.Country),
	})
}

// orderCanceled takes a purchase back, and notes that it was.
func (w Worker) orderCanceled(ctx context.Context, e event.Envelope, b events.OrderCanceled) error {
	return w.canceled(ctx, e, b.OrderRef)
}

// orderNeverPaid takes a purchase back whose payment could not be taken: it was canceled like any other, and makes
// nobody a customer who may be written to.
func (w Worker) orderNeverPaid(ctx context.Context, e event.Envelope, b events.OrderPaymentFailed) error {
	return w.canceled(ctx, e, b.OrderRef)
}

// canceled is what orderCanceled and orderNeverPaid have in common.
func (w Worker) canceled(ctx context.Context, e event.Envelope, order events.OrderRef) error {
	return w.take(ctx, order.Email, service.TriggerEvent{
		Event:    happened("order.canceled", e, "orderId", order.OrderID, "url", w.Service.Shop.URL+"/"),
		Canceled: order.OrderID,
	})
}

// orderDelivered starts what follows a delivery, once all of the order has arrived. The day on which the goods are
// likely to run out is known when the person, or enough others, have bought them again before.
func (w Worker) orderDelivered(ctx context.Context, e event.Envelope, b events.OrderDelivered) error {
	if !b.Complete {
		return nil
	}
	h := happened("order.delivered", e, "orderId", b.OrderID, "url", w.Service.Shop.URL+"/orders/"+b.OrderID)
	// What cannot be read is an error: the bus delivers the event again.
	c, err := w.Service.Contacts.Of(ctx, b.Email)
	if err != nil {
		return err
	}
	at, ok, err := w.firstReplenishment(ctx, c, b.Lines)
	if err != nil {
		return err
	}
	if ok {
		h.Data["replenishAt"] = at.Format(time.RFC3339)
	}
	return w.take(ctx, b.Email, service.TriggerEvent{Event: h, Profile: profile(b.CustomerID, b.Name, b.Language, "")})
}

// mostLookedUp is how many lines of an order are looked at for their replenishment: the first that runs out counts.
const mostLookedUp = 10

// firstReplenishment is when the first of the products is likely to run out.
func (w Worker) firstReplenishment(ctx context.Context, c contact.Contact,
	lines []events.OrderLine) (first time.Time, ok bool, err error) {
	for _, l := range lines[:min(len(lines), mostLookedUp)] {
		at, known, err := w.Service.ReplenishAt(ctx, c.Person, l.ProductID)
		if err != nil {
			return first, false, err
		}
		if known && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok, nil
}

// subscriptionChanged starts the series of a renewal that is to come, and ends what a subscription has started when it
// is over.
func (w Worker) subscriptionChanged(ctx context.Context, e event.Envelope, b events.SubscriptionChanged) error {
	for _, change := range b.Changes {
		// The names of changes are those of subscriptions; on the right are those that series know.
		kind := map[string]string{
			"subscription.started": "subscription.started", "subscription.ended": "subscription.ended",
			"subscription.activated": "subscription.renewal_due", "subscription.renewed": "subscription.renewal_due",
			"subscription.trial_started": "subscription.trial_ending",
		}[change.Name]
		if kind == "" {
			continue
		}
		// Both dates are the end of the period: the series asks for the one it needs.
		h := happened(kind, e, "subscriptionId", b.SubscriptionID, "renewsAt", b.PeriodCloses, "trialEndsAt", b.PeriodCloses,
			"url", w.Service.Shop.URL+"/account/subscriptions/"+b.SubscriptionID)
		if err := w.take(ctx, b.Email,
			service.TriggerEvent{Event: h, Profile: profile(b.CustomerID, b.Name, b.Language, "")}); err != nil {
			return err
		}
	}
	return nil
}

// dissatisfied is the most stars of a review whose author is offered help.
const dissatisfied = 2

// reviewPublished ends the requests for a review, and offers help to who was not content. A review that was changed to
// few stars is answered once: the run's key is the review.
func (w Worker) reviewPublished(ctx context.Context, e event.Envelope, b events.ReviewPublished) error {
	// Imported reviews have no order, so nobody knows whose they are.
	if b.OrderID == "" {
		return nil
	}
	email, err := w.Service.BuyerOf(ctx, b.OrderID)
	if err != nil || email == "" {
		return err
	}
	url := w.Service.Shop.URL + "/orders/" + b.OrderID
	// Both: the review ends the request for it, and few stars begin another series.
	kinds := []string{"review.published"}
	if b.Rating <= dissatisfied {
		kinds = append(kinds, "review.negative")
	}
	for _, kind := range kinds {
		h := service.TriggerEvent{Event: happened(kind, e, "reviewId", b.ReviewID, "orderId", b.OrderID, "url", url)}
		if err := w.take(ctx, email, h); err != nil {
			return err
		}
	}
	return nil
}

// take leaves out what is nobody's.
func (w Worker) take(ctx context.Context, email string, h service.TriggerEvent) error {
	if email == "" {
		return nil
	}
	return w.Service.Take(ctx, email, h)
}

// happened is an event as series take it; data are pairs of name and value.
func happened(kind string, e event.Envelope, data ...string) sequence.Event {
	out := sequence.Event{Type: kind, At: e.Time, Data: map[string]string{}}
	for i := 0; i < len(data); i += 2 {
		out.Data[data[i]] = data[i+1]
	}
	return out
}

// profile fills in what an event tells of a person. An address is typed by whoever fills the cart, so nobody must be
// able to change what is known of the person behind it, nor to be taken for them: what is known stays, unless the event
// is of the very customer that the contact belongs to.
func profile(customerID, name, language, country string) func(*contact.Contact) {
	return func(c *contact.Contact) {
		own := customerID != "" && c.CustomerID == customerID
		set := func(into *string, value string) {
			if value != "" && (own || *into == "") {
				*into = value
			}
		}
		set(&c.Name, name)
		set(&c.Language, language)
		set(&c.Country, country)
		// Both copies change together.
		c.Person.Language, c.Person.Country = c.Language, c.Country
	}
}

// purchase is profile for an order: who has paid is a customer, and the first to do so with the address is the one
// whose promotions ask for the person's segments.
func purchase(customerID, name, language, country string) func(*contact.Contact) {
	return func(c *contact.Contact) {
		if c.CustomerID == "" {
			c.CustomerID = customerID
		}
		profile(customerID, name, language, country)(c)
		c.Person.Customer = true
	}
}
