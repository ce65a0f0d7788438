package returns_test

import (
	"testing"

	"dangol/infra/testkit/testshop"
	"dangol/shared/rma"
)

// What the shop keeps for damage comes off the price of the goods that were damaged, never off that of others.
func TestAFeeForDamageIsAtMostWhatTheUnitsHadCost(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, robe := d.Sell(testshop.ProductSpec{Price: 10_000, Units: 9}), d.Sell(testshop.ProductSpec{Price: 60_000,
		Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 1, robe: 1}))
	lines := map[string]string{}
	for _, l := range o.Lines {
		lines[l.VariantID] = l.ID
	}
	r := d.request(o, wanted("refund", back(lines[soap], 1, "changed_mind"), back(lines[robe], 1, "changed_mind")))
	at := "/admin/returns/" + r.ID
	d.agent().Do("POST", at+"/receive", nil).Want(200)
	found := func(accepted, fee int) object {
		return object{"lines": []object{{"lineId": lines[soap], "accepted": accepted, "grade": "C", "damageFee": fee}}}
	}
	for _, bad := range []object{found(1, 10_001), found(0, 1), found(0, 10_000)} {
		d.agent().Do("POST", at+"/inspect", bad).WantField("/lines")
	}
	if got := d.read(r.ID); got.State != rma.Received {
		t.Fatalf("it is %s", got.State)
	}
	d.agent().Do("POST", at+"/inspect", found(1, 10_000)).Want(200).Into(&r)
	kept := r.Quoted.Refund.Amount - r.Settled.Refund.Amount
	if _, refunded := d.bank(o.Payment.ID); kept != 10_000 || refunded != r.Settled.Refund.Amount {
		t.Errorf("%d kept, %d went back of %d", kept, refunded, r.Settled.Refund.Amount)
	}
}
