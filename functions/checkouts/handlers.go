package checkouts

import (
	"context"
	"strconv"

	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
)

// startInput asks to buy a cart.
type startInput struct {
	CartID  string `path:"cartId" maxLength:"64" doc:"The cart's id; mine is not enough, because it may be another one by the time." example:"cart_01k9xxxxxxxxxxxxxxxxxxxxxx"`
	Token   string `header:"Cart-Token" maxLength:"200" doc:"The token of a guest's cart."`
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the cart that the shopper has seen; 412 when it has moved on."`
	Body    struct {
		StoreCredit   bool         `json:"useStoreCredit,omitempty" doc:"Pay by store credit as far as it goes; for customers with an account."`
		PaymentMethod string       `json:"paymentMethod,omitempty" maxLength:"200" doc:"What the provider's form made of the card. Left out when there is nothing to pay." example:"pm_card_visa"`
		ReturnURL     string       `json:"returnUrl,omitempty" maxLength:"2000" pattern:"^https?://[^/]+" doc:"Where the bank's challenge sends the shopper back to." example:"https://shop.example.com/checkout/back"`
		Total         *money.Money `json:"total,omitempty" doc:"What the shopper has been told it costs; 409 total_changed when it costs something else."`
	}
}

// start buys a cart: it begins the checkout, or finds the one that the same key began. The
// cart is named by its id, because mine may be the next one when the request is repeated.
func (f *Checkouts) start(ctx context.Context, in *startInput) (*output, error) {
	s := checkout.Start{
		Cart:    cart.Ref{CartID: in.CartID, CustomerID: auth.From(ctx).Subject, Token: in.Token},
		Request: api.Idempotency(ctx), Method: in.Body.PaymentMethod, Credit: in.Body.StoreCredit,
		ReturnURL: in.Body.ReturnURL,
		// Checked against the cart that is read, not before: the cart may change in between.
		Fits: func(version int) bool { return api.Matches(in.IfMatch, strconv.Itoa(version)) },
	}
	if in.Body.Total != nil {
		s.Total, s.Currency = &in.Body.Total.Amount, in.Body.Total.Currency
	}
	c, replay, err := f.Checkouts.Begin(ctx, s)
	if err == nil {
		// A checkout that was begun and failed is an error
		// to the client, also when the request is repeated.
		err = refusal(c)
	}
	if err != nil {
		return nil, err
	}
	out := answer(c, 201)
	if replay {
		out.Replay = "true"
	}
	return out, nil
}

// checkoutInput names a checkout and proves that it is the caller's.
type checkoutInput struct {
	CheckoutID string `path:"checkoutId" maxLength:"40" example:"chk_4c2k8xxxxxxxxxxxxxxxxxxxxx"`
	Token      string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart."`
}

// get shows a checkout as it is stored. 1 round trip and those of the proof.
func (f *Checkouts) get(ctx context.Context, in *checkoutInput) (*output, error) {
	c, err := f.Checkouts.GetFor(ctx, in.CheckoutID, caller(ctx, in.Token))
	if err != nil {
		return nil, err
	}
	return answer(c, 200), nil
}

// confirm goes on with a checkout that the shopper has done their part for.
func (f *Checkouts) confirm(ctx context.Context, in *checkoutInput) (*output, error) {
	c, err := f.Checkouts.GetFor(ctx, in.CheckoutID, caller(ctx, in.Token))
	if err != nil {
		return nil, err
	}
	if c, err = f.Checkouts.Confirm(ctx, c); err != nil {
		return nil, err
	}
	if err := refusal(c); err != nil {
		return nil, err
	}
	return answer(c, 200), nil
}

// cancel gives a checkout up, if it has not been paid.
func (f *Checkouts) cancel(ctx context.Context, in *checkoutInput) (*output, error) {
	c, err := f.Checkouts.GetFor(ctx, in.CheckoutID, caller(ctx, in.Token))
	if err != nil {
		return nil, err
	}
	if c, err = f.Checkouts.Abandon(ctx, c); err != nil {
		return nil, err
	}
	// The payment was faster than the wish to stop it: there is an order now.
	if c.State == checkout.Completed {
		return nil, completed(c)
	}
	return answer(c, 200), nil
}
