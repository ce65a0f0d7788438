package returns_test

import (
	"fmt"
	"testing"

	"dangol/infra/testkit/paymenttest"
)

func TestAnAdditionThatNoCardCanBeChargedIsSaidToBeOneAndCanBeGivenUp(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	d.f.Provider = paymenttest.LeastOf{Provider: d.f.Provider, Amount: 50_000}
	a := d.add(o, oil, 1)
	path := fmt.Sprintf("%s/%d", d.additionsOf(o), a.N)
	for range 2 {
		d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_visa")).
			WantProblem(409, "amount_not_payable")
	}
	d.ann().Do("POST", path+"/cancel", nil).Want(200)
	if n := d.SellableUnits(t, oil); n != 9 {
		t.Errorf("%d in stock, want 9", n)
	}
}
