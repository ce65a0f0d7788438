package checkouts

import (
	"time"

	"dangol/shared/checkout"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
)

// Checkout is a checkout as the API shows it.
type Checkout struct {
	ID          string          `json:"id" example:"chk_4c2k8xxxxxxxxxxxxxxxxxxxxx"`
	State       string          `json:"state" enum:"requires_action,processing,completed,failed,expired,canceled,refunding,refunded" doc:"requires_action: send the shopper to redirectUrl. processing: ask again. completed: see orderId. The others: there is no order, see reason. refunding, refunded: the payment came too late and goes back."`
	CartID      string          `json:"cartId"`
	CartVersion int             `json:"cartVersion" doc:"The version of the cart that is paid for."`
	Total       money.Formatted `json:"total"`
	Credit      money.Formatted `json:"storeCredit" doc:"How much of the total store credit pays."`
	RedirectURL string          `json:"redirectUrl,omitempty" doc:"The bank's challenge."`
	OrderID     string          `json:"orderId,omitempty" example:"ord_01k9x7d3f8q7m2k"`
	OrderNumber string          `json:"orderNumber,omitempty" doc:"What people read out." example:"01K9X-7D3F8-Q7M2K"`
	Reason      string          `json:"reason,omitempty" doc:"Why there is no order: declined, invalid_method, amount_not_payable, payment_canceled, amount_mismatch, order_not_possible, expired, canceled."`
	DeclineCode string          `json:"declineCode,omitempty" doc:"The provider's; no more than generic_decline for cards reported lost or stolen." example:"insufficient_funds"`
	HeldUntil   time.Time       `json:"heldUntil" doc:"Until when stock and cart are held while it is not paid."`
	CreatedAt   time.Time       `json:"createdAt"`
}

// output is a checkout as the answer.
type output struct {
	Status  int
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before; the checkout is as it is."`
	Body    Checkout
}

// The API tells the two cases of a checkout that is being
// paid apart by these; stored they are one state.
const (
	requiresAction = "requires_action"
	processing     = "processing"
)

// answer shows a checkout; while the outcome is not known the status is 202.
func answer(c *checkout.Checkout, status int) *output {
	v := view(c)
	if v.State == processing {
		status = 202
	}
	return &output{Status: status, Caching: "no-store", Body: v}
}

// view shows a checkout.
func view(c *checkout.Checkout) Checkout {
	v := Checkout{
		ID: c.ID, State: string(c.State), CartID: c.CartID, CartVersion: c.CartVersion, Total: c.Total().Formatted(),
		Credit: c.Money(c.CreditUsed()).Formatted(), Reason: c.Reason,
		DeclineCode: payment.PublicDeclineCode(c.Payment.DeclineCode), HeldUntil: c.HeldUntil, CreatedAt: c.CreatedAt,
	}
	switch {
	// The provider waits for the shopper, who must be sent to the challenge.
	case c.State == checkout.Paying && c.Payment.State == payment.StateRequiresAction:
		v.State, v.RedirectURL = requiresAction, c.Payment.RedirectURL
	// No answer of the provider yet: reading again is right, paying again is not.
	case c.State == checkout.Paying:
		v.State = processing
	case c.State == checkout.Completed:
		v.OrderID, v.OrderNumber = c.OrderID, order.NumberOf(c.OrderID)
	}
	return v
}

// refusal is the error for a checkout that became no order; nil for the others.
func refusal(c *checkout.Checkout) error {
	var p *problem.Problem
	switch {
	case c.State == checkout.Failed && c.Reason == "declined":
		p = problem.PaymentRequired("payment_declined",
			"The payment was declined; the cart is open again. Another card is another Idempotency-Key.").
			With("declineCode", payment.PublicDeclineCode(c.Payment.DeclineCode))
	// The card was refused as such, so the error points to the field.
	case c.State == checkout.Failed && c.Reason == "invalid_method":
		return problem.InvalidField("/paymentMethod", "invalid", "a payment method of this shop's payment provider")
	case c.State == checkout.Failed && c.Reason == checkout.ReasonAmount:
		p = problem.Conflict("amount_not_payable",
			"No card can be charged %s; the cart is open again. Pay without store credit, or buy something else with it.",
			c.ToPay().Display()).With("amount", c.ToPay().Formatted())
	case c.State == checkout.Failed:
		p = problem.PaymentRequired("payment_failed", "The payment came to nothing; the cart is open again.").With("reason",
			c.Reason)
	case c.State == checkout.Expired:
		p = problem.Conflict("checkout_expired", "This was not paid in time; the cart is open again.")
	case c.State == checkout.Canceled:
		p = problem.Conflict("checkout_canceled", "This checkout was given up; the cart is open again.")
	case c.State == checkout.Refunding || c.State == checkout.Refunded:
		p = problem.Conflict("checkout_refunded",
			"The payment came too late; it goes back. A mail tells when it has.").With("state", c.State)
	default:
		return nil
	}
	return p.With("checkoutId", c.ID)
}

// completed is the answer when a paid checkout is to be canceled.
func completed(c *checkout.Checkout) error {
	return problem.Conflict("checkout_completed", "This checkout has been paid; cancel the order instead.").With("orderId",
		c.OrderID)
}
