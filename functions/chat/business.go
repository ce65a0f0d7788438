package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dangol/shared/conversation"
	"dangol/shared/money"
	"dangol/shared/order"
	promotions "dangol/shared/promotion/store"
	subscriptions "dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// business is what the bot does for a customer. It only reads: what changes something is a call that the storefront
// makes to the API as the customer, so that the rules are those of the API and the bot needs no permission.
type business struct {
	orders        order.Store
	subscriptions *service.Service
	promotions    promotions.Store
}

// shown is how many orders or subscriptions the bot shows.
const shown = 3

// Do carries out an action: 1 round trip, and 1 for each order that is shown.
func (b business) Do(ctx context.Context, e conversation.ActionRequest) (string, []conversation.Button, error) {
	switch e.Action {
	case conversation.OrderStatus:
		return b.status(ctx, e.CustomerID, e.Language)
	case conversation.StartReturn:
		return b.returnable(ctx, e.CustomerID, e.Language)
	case conversation.ReturnOrder:
		return b.returnOrder(ctx, e)
	case conversation.SkipDelivery:
		return b.subscription(ctx, e.CustomerID, e.Language, subscriptionCall{"skip", "/changes", `{"do":"skip_next"}`})
	case conversation.CancelSubscription:
		return b.subscription(ctx, e.CustomerID, e.Language, subscriptionCall{"cancel", "/cancel", ""})
	case conversation.Coupons:
		return b.coupons(ctx, e.CustomerID, e.Language)
	}
	return "", nil, fmt.Errorf("no action %q", e.Action)
}

// status tells where the last orders are.
func (b business) status(ctx context.Context, customerID, language string) (string, []conversation.Button, error) {
	page, err := b.orders.OfCustomer(ctx, customerID, shown, "")
	if err != nil {
		return "", nil, err
	}
	if len(page.Orders) == 0 {
		return conversation.Say("no_orders", language), nil, nil
	}
	lines := []string{conversation.Say("orders", language)}
	for _, card := range page.Orders {
		line := fmt.Sprintf("**%s** %s: %s", order.NumberOf(card.ID), card.Title,
			conversation.Say("order_"+string(card.State), language))
		tracking, err := b.tracking(ctx, card)
		if err != nil {
			return "", nil, err
		}
		lines = append(lines, line+tracking)
	}
	return strings.Join(lines, "\n"), nil, nil
}

// tracking names the parcels of an order that is on its way.
func (b business) tracking(ctx context.Context, card order.Summary) (string, error) {
	// Only an order with a parcel under way is read whole; the others show their state alone.
	if card.State != order.Fulfilled && card.State != order.PartlyFulfilled {
		return "", nil
	}
	o, err := b.orders.Get(ctx, card.ID)
	if err != nil {
		return "", err
	}
	var parcels strings.Builder
	for _, f := range o.Fulfillments {
		number := f.TrackingNumber
		// A link of a carrier is shown only if it is safe to follow; else the number alone.
		if conversation.SafeLink(f.TrackingURL) && number != "" {
			number = "[" + number + "](" + f.TrackingURL + ")"
		}
		fmt.Fprintf(&parcels, " (%s %s)", f.Carrier, number)
	}
	return parcels.String(), nil
}

// subscriptionCall is a change of a subscription: the beginning of its texts, and the request.
type subscriptionCall struct{ text, path, body string }

// subscription offers the running subscriptions for a change.
// The button makes the call; the bot itself changes nothing.
func (b business) subscription(ctx context.Context, customerID, language string, call subscriptionCall) (string,
	[]conversation.Button, error) {
	cards, _, err := b.subscriptions.OfCustomer(ctx, customerID, 20, "")
	if err != nil {
		return "", nil, err
	}
	running := []subscriptions.State{subscriptions.Trialing, subscriptions.Active, subscriptions.PastDue}
	var buttons []conversation.Button
	for _, card := range cards {
		if !slices.Contains(running, card.State) || len(buttons) == shown {
			continue
		}
		price := money.Of(card.Amount, card.Currency).Formatted()
		buttons = append(buttons, conversation.Button{
			Label: card.Title + " " + price.Display, Call: &conversation.Call{
				Method: "POST", Path: "/subscriptions/" + card.ID + call.path, Body: call.body,
				Confirm: conversation.Say(call.text+"_confirm", language, "title", card.Title),
				Done:    conversation.Say(call.text+"_done", language),
				Keyed:   true, // pressed twice, the next delivery is skipped once
			},
		})
	}
	if len(buttons) == 0 {
		return conversation.Say("no_subscriptions", language), nil, nil
	}
	return conversation.Say("subscriptions", language), buttons, nil
}
