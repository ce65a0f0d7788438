package returns

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// additionRoutes are the routes about goods that are added to an order.
func (f *Returns) additionRoutes(s *api.Service) {
	one := "/orders/{orderId}/additions"
	at := func(method, path, id, summary string, errors ...int) api.Route {
		r := route(api.Shopper, method, path, id, summary, append([]int{404, 409, 503}, errors...)...)
		r.Tag = "Orders"
		return r
	}
	add := at("POST", one, "addToOrder", "Add goods to an order before it is shipped")
	add.Status, add.Keyed, add.Also = 201, api.KeyRequired, []int{http.StatusOK}
	add.Description = "The goods are held for half an hour, for a day when the shop adds them, and added when they are " +
		"paid for, at their catalog price of now; discounts and shipping stay as agreed. Their buyer gets a mail with the " +
		"link to pay. dryRun answers what they cost."
	api.Handle(s, add, f.addToOrder)
	api.Handle(s, at("GET", one+"/{n}", "getOrderAddition", "Read what is to be added to an order"), f.getAddition)
	pay := at("POST", one+"/{n}/payment", "payOrderAddition", "Pay for what is added to an order", 402)
	pay.Keyed, pay.Also = api.KeyRequired, []int{http.StatusAccepted}
	pay.Description = "202 while a payment is under way: with redirectUrl the card wants a challenge, so send the " +
		"shopper there and repeat the call when they come back; without it the provider has not decided yet. What has " +
		"been paid before is answered as it is."
	api.Handle(s, pay, f.payAddition)
	api.Handle(s, at("POST", one+"/{n}/cancel", "cancelOrderAddition", "Give up what was to be added to an order"),
		f.cancelAddition)
}

// AdditionView is goods that are to be added to an order.
type AdditionView struct {
	N           int             `json:"n" doc:"Its number within the order; 0 for a dry run."`
	OrderID     string          `json:"orderId"`
	State       AdditionState   `json:"state" enum:"open,paid,expired,canceled"`
	Lines       []AddedLine     `json:"lines" nullable:"false"`
	Tax         money.Formatted `json:"tax"`
	Amount      money.Formatted `json:"amount" doc:"To be paid, tax included."`
	PayBy       time.Time       `json:"payBy"`
	Pending     bool            `json:"pending,omitempty" doc:"A payment is under way."`
	RedirectURL string          `json:"redirectUrl,omitempty" doc:"Where the shopper confirms the payment."`
}

// AddedLine is units of a variant that are to be added.
type AddedLine struct {
	VariantID string          `json:"variantId"`
	Title     string          `json:"title"`
	Options   []string        `json:"options,omitempty"`
	Quantity  int             `json:"quantity"`
	Amount    money.Formatted `json:"amount"`
}

// additionOutput answers the routes of additions. Status is a field because a dry run answers 200, a new addition 201.
type additionOutput struct {
	Status  int
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    AdditionView
}

// additionAnswer is an addition as the API shows it. What its goods cost was fixed when they were held.
func additionAnswer(status int, a *Addition) *additionOutput {
	in := func(amount int64) money.Formatted { return money.Of(amount, a.Currency).Formatted() }
	v := AdditionView{
		N: a.N, OrderID: a.OrderID, State: a.State, Lines: make([]AddedLine, len(a.Goods.Lines)), Tax: in(a.Goods.Tax),
		Amount: in(a.Goods.Amount), PayBy: a.PayBy, Pending: a.Attempt.Key != "", RedirectURL: a.Attempt.RedirectURL,
	}
	for i, l := range a.Goods.Lines {
		v.Lines[i] = AddedLine{VariantID: l.VariantID, Title: l.Title, Options: l.Options, Quantity: l.Quantity,
			Amount: in(a.Goods.Totals[i].Total)}
	}
	return &additionOutput{Status: status, Caching: caching, Body: v}
}

// WantedGood is units of a variant that somebody wants added.
type WantedGood struct {
	VariantID string `json:"variantId" maxLength:"60" example:"var_01k9x7d3f8q7m2k_1"`
	Quantity  int    `json:"quantity" minimum:"1" maximum:"1000"`
}

// addInput is what is wanted in an order.
type addInput struct {
	OrderInput
	DryRun bool `query:"dryRun" doc:"Answer what it would cost; hold nothing."`
	Body   struct {
		Lines []WantedGood `json:"lines" minItems:"1" maxItems:"50"`
	}
}

// addToOrder holds goods for an order and asks for their payment, once for each Idempotency-Key. 4 round trips. Errors:
// those of order.CanAdd; 409 variant_not_sold, variant_limited, out_of_stock, too_many_additions, addition_open.
func (f *Returns) addToOrder(ctx context.Context, in *addInput) (*additionOutput, error) {
	asked, err := requestOf(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	var out *additionOutput
	// The caller is checked with every read, because the rule behind it may run several times.
	read := func(ctx context.Context, _ table.Item) (*order.Order, error) {
		return f.Orders.GetFor(ctx, in.OrderID, caller(ctx, in.CartToken, in.Token))
	}
	_, err = table.Modify(ctx, read, func(ctx context.Context, o *order.Order) (*order.Order, error) {
		prior, err := f.repeatedAddition(ctx, o, asked)
		if prior != nil {
			out = additionAnswer(201, prior)
			out.Replay = "true"
		}
		if err != nil || prior != nil {
			return o, err
		}
		a, holds, err := f.proposeAddition(ctx, o, in.Body.Lines)
		if err != nil {
			return o, err
		}
		a.Request = asked
		out = additionAnswer(201, a)
		if in.DryRun {
			out.Status, out.Body.N = 200, 0
			return o, nil
		}
		// The order is written too: its count of additions decides which of two at once gets the number.
		put, _ := f.Orders.Replace(o)
		return o, f.storeAddition(ctx, a, append([]table.Write{put}, holds...), nil)
	})
	return out, err
}

// repeatedAddition is the addition that the same request made before. Error: 422 idempotency_key_reused.
func (f *Returns) repeatedAddition(ctx context.Context, o *order.Order, asked order.Request) (*Addition, error) {
	if asked.Key == "" {
		return nil, nil
	}
	// One round trip each; there are few of them, see maxAdditions.
	for n := 1; n <= o.Additions; n++ {
		a, err := f.addition(ctx, o.ID, n)
		if err != nil {
			return nil, err
		}
		if again, err := asked.Repeats(a.Request); again || err != nil {
			return a, err
		}
	}
	return nil, nil
}

// addition reads an addition, strongly consistent. 1 round trip. Errors: 404 addition_not_found.
func (f *Returns) addition(ctx context.Context, orderID string, n int) (*Addition, error) {
	var a Addition
	err := f.Table.Get(ctx, additionKey(orderID, n), &a)
	if errors.Is(err, table.ErrNotFound) {
		return nil, additionNotFound()
	}
	return &a, err
}

// AdditionInput names an addition. Exported because Huma fills only exported embedded structs.
type AdditionInput struct {
	OrderInput
	N int `path:"n" minimum:"1" maximum:"1000" doc:"The number of the addition within the order."`
}

// mayAdd reads an order and one of its additions, for a caller who may see the order.
func (f *Returns) mayAdd(ctx context.Context, in AdditionInput) (*order.Order, *Addition, error) {
	o, err := f.Orders.GetFor(ctx, in.OrderID, caller(ctx, in.CartToken, in.Token))
	if err != nil {
		return nil, nil, err
	}
	a, err := f.addition(ctx, o.ID, in.N)
	return o, a, err
}

// getAddition reads an addition, so that a page can show it and its payment. 2 round trips.
func (f *Returns) getAddition(ctx context.Context, in *AdditionInput) (*additionOutput, error) {
	_, a, err := f.mayAdd(ctx, *in)
	if err != nil {
		return nil, err
	}
	return additionAnswer(200, a), nil
}

// cancelAddition gives an addition up and frees its stock. Repeating it changes nothing. Errors: 409 addition_over; 503
// while a payment is under way.
func (f *Returns) cancelAddition(ctx context.Context, in *AdditionInput) (*additionOutput, error) {
	if _, _, err := f.mayAdd(ctx, *in); err != nil {
		return nil, err
	}
	a, err := f.changeAddition(ctx, in.OrderID, in.N, func(a *Addition) (changed bool, give []table.Write, err error) {
		switch {
		case a.State == AdditionCanceled:
			return false, nil, nil
		case a.State != AdditionOpen:
			return false, nil, a.refuse()
		// The payment may succeed at any moment; what became of it has to be known before the goods are free.
		case a.Attempt.Key != "":
			return false, nil, problem.Unavailable("payment_unavailable", "A payment of this addition is under way; try again.")
		}
		return true, a.end(AdditionCanceled), nil
	})
	if err != nil {
		return nil, err
	}
	return additionAnswer(200, a), nil
}

// changeAddition applies a rule to an addition alone; give is what of the stock is free again.
func (f *Returns) changeAddition(
	ctx context.Context, orderID string, n int, rule func(*Addition) (changed bool, give []table.Write, err error),
) (*Addition, error) {
	read := func(ctx context.Context, _ table.Item) (*Addition, error) { return f.addition(ctx, orderID, n) }
	return table.Modify(ctx, read, func(ctx context.Context, a *Addition) (*Addition, error) {
		changed, give, err := rule(a)
		if err != nil || !changed {
			return a, err
		}
		return a, f.storeAddition(ctx, a, nil, give)
	})
}

// storeAddition writes an addition together with what follows from it. A write of ours whose answer was lost is
// recognized by its id.
func (f *Returns) storeAddition(ctx context.Context, a *Addition, must, give []table.Write) error {
	put := a.put(f.Clock.Now())
	err := f.Table.TransactReleasing(ctx, a.WriteID, append([]table.Write{put}, must...), give)
	if table.AlreadyWritten(err, 0, a.WriteID) {
		return nil
	}
	return stale(err)
}

// additionDue ends an addition that was not paid in time, and looks at a payment whose outcome is not known. A job may
// come early, late and twice.
func (f *Returns) additionDue(ctx context.Context, job due.Job) error {
	orderID, isOrder := strings.CutPrefix(job.Key.PK, "ORDER#")
	number, isAddition := strings.CutPrefix(job.Key.SK, "ADDITION#")
	n, err := strconv.Atoi(number)
	// Not the key of an addition: there is nothing to do.
	if !isOrder || !isAddition || err != nil {
		return nil
	}
	a, err := f.addition(ctx, orderID, n)
	if problem.Code(err) == "addition_not_found" || err == nil && a.State != AdditionOpen {
		return nil
	}
	if err != nil {
		return err
	}
	// A payment may still succeed, so it is looked at before the goods are let go.
	if a.Attempt.Key != "" {
		if wait, err := f.additionPaymentDue(ctx, a); err != nil || wait {
			return err
		}
	}
	_, err = f.changeAddition(ctx, orderID, n, func(a *Addition) (bool, []table.Write, error) {
		switch {
		case a.State != AdditionOpen || a.Attempt.Key != "":
			return false, nil, nil
		case f.Clock.Now().Before(a.PayBy):
			a.await(a.PayBy)
			return true, nil, nil
		}
		return true, a.end(AdditionExpired), nil
	})
	return err
}
