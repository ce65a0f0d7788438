package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"dangol/shared/conversation"
)

// coupons lists the codes of running promotions that name this customer. A code that is not given to somebody by name
// is not the bot's to tell: the shop decides who hears of it. The cart says why a code does nothing. 1-2 round trips.
func (b business) coupons(ctx context.Context, customerID, language string) (string, []conversation.Button, error) {
	now := b.promotions.Clock.Now()
	published, err := b.promotions.PublishedAround(ctx, now)
	if err != nil {
		return "", nil, err
	}
	var buttons []conversation.Button
	for _, p := range published {
		code := p.Codes.Single
		if code == "" || !p.Live(now) || !slices.Contains(p.Conditions.Customers, customerID) || len(buttons) == shown {
			continue
		}
		body, err := json.Marshal(map[string]any{"codes": []string{code}})
		if err != nil {
			return "", nil, fmt.Errorf("coupon button: %w", err)
		}
		buttons = append(buttons, conversation.Button{
			Label: p.Name.In(language) + ": " + code,
			Call: &conversation.Call{
				Method: "PUT", Path: "/carts/mine/codes", Body: string(body),
				Confirm: conversation.Say("coupon_confirm", language, "code", code),
				Done:    conversation.Say("coupon_done", language),
			},
		})
	}
	if len(buttons) == 0 {
		return conversation.Say("no_coupons", language), nil, nil
	}
	return conversation.Say("your_coupons", language), buttons, nil
}
