package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dangol/shared/conversation"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
)

// returnReasons are the reasons that the bot offers, of those that the API knows. Damaged goods need photos and late
// ones a look at the parcel: these go to the form or to a person.
var returnReasons = []string{"changed_mind", "wrong_item", "not_as_described", "faulty"}

// mostLines is how many lines of an order the bot offers one by one; a longer order is returned on the shop's pages.
const mostLines = 5

// returnable lists the orders that have left the shop. 1 round trip.
func (b business) returnable(ctx context.Context, customerID, language string) (string, []conversation.Button,
	error) {
	page, err := b.orders.OfCustomer(ctx, customerID, 10, "")
	if err != nil {
		return "", nil, err
	}
	var buttons []conversation.Button
	for _, card := range page.Orders {
		if (card.State == order.Fulfilled || card.State == order.Delivered) && len(buttons) < shown {
			buttons = append(buttons, conversation.Button{
				Label: order.NumberOf(card.ID) + " " + card.Title, Value: conversation.PressReturn(card.ID, ""),
			})
		}
	}
	if len(buttons) == 0 {
		return conversation.Say("no_returns", language), nil, nil
	}
	return conversation.Say("returns", language), buttons, nil
}

// returnOrder asks for the reason, then offers the order's lines. Of is the order and the reason as the pressed button
// names them: what a client made up is no order of the customer, or is refused by the API when it is called.
func (b business) returnOrder(ctx context.Context, e conversation.ActionRequest) (string, []conversation.Button,
	error) {
	orderID, reason, _ := strings.Cut(e.Of, ":")
	if !slices.Contains(returnReasons, reason) {
		var buttons []conversation.Button
		for _, reason := range returnReasons {
			buttons = append(buttons, conversation.Button{
				Label: conversation.Say("reason_"+reason, e.Language), Value: conversation.PressReturn(orderID, reason),
			})
		}
		return conversation.Say("return_why", e.Language), buttons, nil
	}
	o, err := b.orders.Get(ctx, orderID)
	switch found, is := errors.AsType[*problem.Problem](err); {
	case is && found.Status == 404, err == nil && o.CustomerID != e.CustomerID:
		return conversation.Say("no_returns", e.Language), nil, nil
	case err != nil:
		return "", nil, err
	}
	return offerLines(o, reason, e.Language)
}

// wantedLine is a line of a return as the API takes it.
type wantedLine struct {
	LineID   string `json:"lineId"`
	Quantity int    `json:"quantity"`
	Reason   string `json:"reason"`
}

// offerLines makes a button for each line and one for all of them. Each asks the API for a quote, shows what comes
// back, and requests the return with the quote's token after the shopper has agreed.
func offerLines(o *order.Order, reason, language string) (string, []conversation.Button, error) {
	var all []wantedLine
	var buttons []conversation.Button
	for _, l := range o.Lines {
		wanted := wantedLine{LineID: l.ID, Quantity: l.Quantity, Reason: reason}
		all = append(all, wanted)
		button, err := returnButton(o.ID, fmt.Sprintf("%s × %d", l.Title, l.Quantity), language, wanted)
		if err != nil {
			return "", nil, err
		}
		buttons = append(buttons, button)
	}
	buttons = buttons[:min(len(buttons), mostLines)]
	if len(all) > 1 {
		button, err := returnButton(o.ID, conversation.Say("return_all", language), language, all...)
		if err != nil {
			return "", nil, err
		}
		buttons = append(buttons, button)
	}
	return conversation.Say("return_what", language), buttons, nil
}

func returnButton(orderID, label, language string, lines ...wantedLine) (conversation.Button, error) {
	body, err := json.Marshal(map[string]any{"resolution": "refund", "lines": lines})
	if err != nil {
		return conversation.Button{}, fmt.Errorf("return button: %w", err)
	}
	path := "/orders/" + orderID + "/returns"
	return conversation.Button{Label: label, Call: &conversation.Call{
		Method: "POST", Path: path + "/quote", Body: string(body),
		Then: &conversation.Call{
			Method: "POST", Path: path, Body: string(body), Keyed: true, Take: map[string]string{"quote": "token"},
			Confirm: conversation.Say("return_confirm", language), Done: conversation.Say("return_done", language),
		},
	}}, nil
}
