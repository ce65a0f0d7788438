package demo

import (
	"context"
	"fmt"
	"net/http"

	"dangol/infra/local/issuer"
	"dangol/infra/local/runner"
)

// returned is a purchase that comes back: whose, of what, why, for what, and how far its return has got.
type returned struct {
	customer, product, reason, resolution string
	steps                                 []string // of the shop's people
}

// comeBack leaves something to do on the work list of returns: one that waits for approval, one that has arrived and is
// to be inspected before the law's time ends, and one that is settled as store credit.
var comeBack = []returned{
	{"hana", "cica-ampoule", "faulty", "replacement", nil},
	{"duri", "camellia-oil", "changed_mind", "refund", []string{"receive"}},
	{"sena", "hanbang-shampoo", "changed_mind", "store_credit", []string{"receive", "inspect"}},
}

func (s shop) returns(ctx context.Context, r *runner.Runner) error {
	for _, one := range comeBack {
		token, err := r.Issuer().Mint(issuer.Claims{Subject: one.customer + "-demo",
			Email: one.customer + "@haneul.example"})
		if err != nil {
			return err
		}
		if err := s.comesBack(ctx, shop{address: s.address, token: token}, one); err != nil {
			return fmt.Errorf("the return of %s: %w", one.customer, err)
		}
	}
	return nil
}

// comesBack has a customer buy one unit, the shop deliver it, and the customer return it.
func (s shop) comesBack(ctx context.Context, customer shop, one returned) error {
	order, line, err := s.delivered(ctx, customer, one)
	if err != nil {
		return err
	}
	want := fmt.Sprintf(`{"resolution":%q,"lines":[{"lineId":%q,"quantity":1,"reason":%q}]`, one.resolution, line,
		one.reason)
	var quote struct {
		Token string `json:"token"`
	}
	path := "/orders/" + order + "/returns"
	if err := customer.send(ctx, http.MethodPost, path+"/quote", want+"}", &quote); err != nil {
		return err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := customer.send(ctx, http.MethodPost, path, want+fmt.Sprintf(`,"quote":%q}`, quote.Token), &made); err != nil {
		return err
	}
	for _, step := range one.steps {
		if err := s.send(ctx, http.MethodPost, "/admin/returns/"+made.ID+"/"+step, "", nil); err != nil {
			return err
		}
	}
	return nil
}

func (s shop) delivered(ctx context.Context, customer shop, one returned) (order, line string, err error) {
	var product described
	if err := s.send(ctx, http.MethodGet, "/products/"+one.product, "", &product); err != nil {
		return "", "", err
	}
	var cart struct {
		ID string `json:"id"`
	}
	for _, step := range [][3]string{
		{http.MethodPost, "/carts", `{"currency":"KRW","language":"ko"}`},
		{http.MethodPost, "/carts/mine/lines", fmt.Sprintf(`{"variantId":%q,"quantity":1}`, product.Variants[0].ID)},
		{http.MethodPut, "/carts/mine/contact", fmt.Sprintf(`{"email":"%s@haneul.example","language":"ko"}`, one.customer)},
		{http.MethodPut, "/carts/mine/address", fmt.Sprintf(
			`{"name":%q,"line1":"%s로 7","postalCode":"04769","country":"KR"}`, one.customer, one.customer)},
		{http.MethodPut, "/carts/mine/shipping-method", `{"methodId":"standard"}`},
	} {
		if err := customer.send(ctx, step[0], step[1], step[2], &cart); err != nil {
			return "", "", err
		}
	}
	var paid struct {
		OrderID string `json:"orderId"`
	}
	if err := customer.send(ctx, http.MethodPost, "/carts/"+cart.ID+"/checkout", `{"paymentMethod":"pm_card_visa"}`,
		&paid); err != nil {
		return "", "", err
	}
	var shipped struct {
		Lines []struct {
			ID string `json:"id"`
		} `json:"lines"`
	}
	path := "/orders/" + paid.OrderID + "/fulfillments"
	if err := s.send(ctx, http.MethodPost, path, `{"carrier":"cj","trackingNumber":"6890"}`, &shipped); err != nil {
		return "", "", err
	}
	return paid.OrderID, shipped.Lines[0].ID, s.send(ctx, http.MethodPost, path+"/1/delivered", "", nil)
}

// send calls with JSON and an Idempotency-Key of its own.
func (s shop) send(ctx context.Context, method, path, body string, out any) error {
	return s.callWith(ctx, method, path, map[string]string{
		"Content-Type": "application/json", "Idempotency-Key": "demo-" + method + path,
	}, []byte(body), out)
}
