package returns_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/rma"
)

// faultyReturn is a return of one of three soaps of 20,000 won that waits for the shop, because they are faulty.
func faultyReturn(t *testing.T, way string) (d *desk, r returns.Return) {
	t.Helper()
	d = open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3}))
	want := wanted("refund", back(o.Lines[0].ID, 1, "faulty"))
	want["way"] = way
	if r = d.request(o, want); r.State != rma.Requested {
		t.Fatalf("it is %s", r.State)
	}
	return d, r
}

func adminPath(r returns.Return, step string) string { return "/admin/returns/" + r.ID + "/" + step }

func TestGoodsThatTheShopLetsTheCustomerKeepAreRefundedAtOnce(t *testing.T) {
	t.Parallel()
	d, r := faultyReturn(t, "label")
	d.agent().Do("POST", adminPath(r, "approve"), object{"keep": true}).Want(200).Into(&r)
	o := d.order(r.OrderID)
	if _, refunded := d.bank(o.Payment.ID); r.State != rma.Completed || refunded != 20_000 {
		t.Errorf("%s, %d refunded", r.State, refunded)
	}
	if n := d.SellableUnits(t, o.Lines[0].VariantID); n != 6 {
		t.Errorf("%d in stock: what the customer keeps is not for sale", n)
	}
	d.agent().Do("POST", adminPath(r, "receive"), nil).WantProblem(409, "return_state")
}

// carrier is a carrier that may not answer, and notes what is booked.
type carrier struct {
	returns.SandboxCarrier
	down   bool
	booked []returns.Booking
}

func (c *carrier) Book(ctx context.Context, b returns.Booking) (rma.Shipment, error) {
	if c.down {
		return rma.Shipment{}, errors.New("out of service")
	}
	c.booked = append(c.booked, b)
	return c.SandboxCarrier.Book(ctx, b)
}

func TestAPickupIsBookedOnceForEachTimeToCome(t *testing.T) {
	t.Parallel()
	d, r := faultyReturn(t, "pickup")
	c := &carrier{down: true}
	d.f.Carrier = c
	book := func(from any) *apitest.Response {
		return d.agent().Do("POST", adminPath(r, "book"), object{"pickupFrom": from})
	}
	tomorrow := d.Clock.Now().Add(day)
	book(tomorrow).WantProblem(409, "return_state") // nobody has approved it
	d.approved(r)
	book(d.Clock.Now()).WantField("/pickupFrom")
	d.agent().Do("POST", adminPath(r, "book"), nil).WantField("/pickupFrom")
	book(tomorrow).WantProblem(503, "carrier_unavailable")
	if got := d.read(r.ID); got.State != rma.Approved || got.Shipment.TrackingNumber != "" {
		t.Fatalf("%s with %+v while the carrier does not answer", got.State, got.Shipment)
	}
	c.down = false
	for range 2 { // the second is a repetition whose first answer was lost
		book(tomorrow.In(time.FixedZone("KST", 9*60*60))).Want(200).Into(&r)
	}
	b := c.booked[0]
	if len(c.booked) != 2 || b != c.booked[1] || !b.Pickup || !b.PickupFrom.Equal(tomorrow) ||
		b.From.City != "서울" {
		t.Errorf("booked %+v", c.booked)
	}
	booked := 0
	for _, e := range d.read(r.ID).Timeline {
		if e.Type == rma.WasBooked {
			booked++
		}
	}
	if r.State != rma.Booked || r.Shipment.TrackingNumber == "" || booked != 1 {
		t.Errorf("%s, booked %d times as %+v", r.State, booked, r.Shipment)
	}
	// The carrier did not come: another time is another booking, with a number of its own.
	missed := r.Shipment.TrackingNumber
	again := tomorrow.Add(2 * day)
	book(again).Want(200).Into(&r)
	if got := d.read(r.ID).Shipment; !got.PickupFrom.Equal(again) || got.TrackingNumber == missed {
		t.Errorf("booked again for %s as %s, want %s", got.PickupFrom, got.TrackingNumber, again)
	}
}

func TestGoodsOnTheCustomersOwnAccountHaveNothingToBook(t *testing.T) {
	t.Parallel()
	d, r := faultyReturn(t, "own")
	d.approved(r)
	d.agent().Do("POST", adminPath(r, "book"), nil).WantProblem(409, "return_state")
	var sent returns.Return
	d.ann().Do("POST", "/returns/"+r.ID+"/sent", object{"carrier": "cj", "trackingNumber": "6543"}).Want(200).Into(&sent)
	if sent.State != rma.InTransit || sent.Shipment.TrackingNumber != "6543" ||
		!strings.Contains(sent.Shipment.TrackingURL, "6543") {
		t.Errorf("%s with %+v", sent.State, sent.Shipment)
	}
}

func TestARejectionNeedsPhotosThatCanBeShown(t *testing.T) {
	t.Parallel()
	d, r := faultyReturn(t, "label")
	reject := func(evidence ...string) *apitest.Response {
		return d.agent().Do("POST", adminPath(r, "reject"), object{"reason": "It was used.", "evidence": evidence})
	}
	for _, photo := range []string{"http://cdn.example.com/a.jpg", "https://cdn.example.com/a.exe", "javascript:a.jpg"} {
		reject(photo).WantField("/evidence")
	}
	reject("https://cdn.example.com/worn.jpg").Want(200)
	got := d.read(r.ID)
	if got.State != rma.Rejected || got.Rejection != "It was used." || len(got.Evidence) != 1 ||
		got.Event.Type != "return.rejected" {
		t.Errorf("%s, %q, %v, event %s", got.State, got.Rejection, got.Evidence, got.Event.Type)
	}
	reject().WantProblem(409, "return_state")
}

func TestAnExchangeSentAheadIsPaidForWhenItsReturnIsRejected(t *testing.T) {
	t.Parallel()
	h := openForHold(t)
	if status := h.hold("pm_card_visa"); status != 200 {
		t.Fatalf("status %d", status)
	}
	h.agent().Do("POST", adminPath(h.r, "receive"), nil).Want(200)
	h.agent().Do("POST", adminPath(h.r, "reject"), object{"reason": "It is another product."}).Want(200)
	r := h.later(2, time.Minute)
	if r.State != rma.Rejected || r.Hold.State != rma.HoldSettled || r.Hold.Take != 65_000 || h.taken() != 125_000 {
		t.Errorf("%s, hold %+v, the bank has %d; want the whole exchange paid", r.State, r.Hold, h.taken())
	}
}

// TestAReservationAtAProviderWithoutReservationsGivesBackWhatIsNotDue takes the price at once, as Toss Payments does.
func TestAReservationAtAProviderWithoutReservationsGivesBackWhatIsNotDue(t *testing.T) {
	t.Parallel()
	h := openForHold(t)
	if status := h.hold("pm_sandbox_captured"); status != 200 || h.taken() != 125_000 {
		t.Fatalf("status %d, the bank has %d", status, h.taken())
	}
	h.bank.after = map[string]int{"Refund": 1}
	h.settle(h.r)
	r := h.later(4, 30*time.Minute)
	if r.State != rma.Completed || r.Hold.State != rma.HoldSettled || h.taken() != 65_000 {
		t.Errorf("%s, hold %+v, the bank has %d, want 65,000", r.State, r.Hold, h.taken())
	}
}

func TestAnExchangeOfWhichOnlyAPartIsAcceptedIsARefundOfThat(t *testing.T) {
	t.Parallel()
	d := open(t)
	small := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	large := d.Sell(testshop.ProductSpec{Price: 65_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{small: 2}))
	line := back(o.Lines[0].ID, 2, "not_as_described")
	line["exchangeFor"] = large
	r := d.approved(d.request(o, wanted("exchange", line)))
	if n := d.SellableUnits(t, large); n != 7 {
		t.Fatalf("%d for sale, want two held", n)
	}
	d.agent().Do("POST", adminPath(r, "receive"),
		object{"lines": []object{{"lineId": o.Lines[0].ID, "good": 1, "wrong": 1}}}).Want(200)
	d.agent().Do("POST", adminPath(r, "inspect"), nil).Want(200).Into(&r)
	if _, refunded := d.bank(o.Payment.ID); r.State != rma.Completed || r.Resolution != rma.Refund ||
		refunded != 60_000 || r.NewOrderID != "" {
		t.Errorf("%s as %s, %d refunded, order %q", r.State, r.Resolution, refunded, r.NewOrderID)
	}
	if d.SellableUnits(t, large) != 9 || d.SellableUnits(t, small) != 8 {
		t.Errorf("%d large and %d small for sale", d.SellableUnits(t, large), d.SellableUnits(t, small))
	}
	if got := d.read(r.ID); got.Instead != rma.PartlyAccepted {
		t.Errorf("why it is a refund: %q", got.Instead)
	}
}

func TestOfManyReturnsThatArriveTogetherEachFailsAlone(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 4}))
	ask := func() string { return d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))).ID }
	first, canceled, last := ask(), ask(), ask()
	d.ann().Do("POST", "/returns/"+canceled+"/cancel", nil).Want(200)
	gone := rma.IDFor(order.NewID(testshop.Noon), 1)
	var got struct{ Returns []returns.ReceivedOne }
	d.agent().Do("POST", "/admin/returns/receive", object{"returns": []string{first, canceled, gone, "nonsense", last}}).
		Want(200).Into(&got)
	want := []returns.ReceivedOne{
		{ID: first, State: rma.Received}, {ID: canceled, Problem: "return_state"}, {ID: gone, Problem: "return_not_found"},
		{ID: "nonsense", Problem: "return_not_found"}, {ID: last, State: rma.Received},
	}
	for i, w := range want {
		g := got.Returns[i]
		if (g.Detail == "") != (w.Problem == "") {
			t.Errorf("%s: detail %q", g.ID, g.Detail)
		}
		if g.Detail = ""; g != w {
			t.Errorf("%+v, want %+v", g, w)
		}
	}
	d.agent().Do("POST", "/admin/returns/receive", object{"returns": []string{first}}).Want(200).Into(&got)
	if n := d.read(first).Lines[0].Count.Total(); n != 1 {
		t.Errorf("%d units counted of one that was scanned twice: %+v", n, got.Returns)
	}
}

func TestOfTwoWhoInspectAtOnceOneSettles(t *testing.T) {
	t.Parallel()
	d, r := faultyReturn(t, "label")
	d.approved(r)
	d.agent().Do("POST", adminPath(r, "receive"), nil).Want(200)
	answers := make([]int, 4)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = d.agent().Do("POST", adminPath(r, "inspect"), nil).Status })
	}
	all.Wait()
	settled := 0
	for _, status := range answers {
		switch status {
		case 200:
			settled++
		case 409, 503: // it is over, or somebody else is about to settle it
		default:
			t.Errorf("answered %d", status)
		}
	}
	o := d.order(r.OrderID)
	if _, refunded := d.bank(o.Payment.ID); settled != 1 || refunded != 20_000 ||
		d.SellableUnits(t, o.Lines[0].VariantID) != 7 {
		t.Errorf("settled %d times, %d refunded, %d in stock", settled, refunded,
			d.SellableUnits(t, o.Lines[0].VariantID))
	}
}

// The answer may be lost after the parcel was counted; a scan that comes again is no second parcel.
func TestAParcelThatIsCountedAgainAsAnnouncedChangesNothing(t *testing.T) {
	t.Parallel()
	d, r := faultyReturn(t, "label")
	d.agent().Do("POST", adminPath(r, "approve"), nil).Want(200)
	d.agent().Do("POST", adminPath(r, "receive"), nil).Want(200).Into(&r)
	d.Clock.Advance(time.Hour)
	var again returns.Return
	d.agent().Do("POST", adminPath(r, "receive"), nil).Want(200).Into(&again)
	if again.State != rma.Received || len(again.Timeline) != len(r.Timeline) ||
		!again.RefundBy.Equal(*r.RefundBy) {
		t.Errorf("%s, %d entries, refund by %s", again.State, len(again.Timeline), again.RefundBy)
	}
	// Units that are named are a further parcel, and there are none left.
	d.agent().Do("POST", adminPath(r, "receive"),
		object{"lines": []object{{"lineId": r.Lines[0].LineID, "good": 1}}}).WantField("/lines")
}

func TestAParcelIsCountedOncePerIdempotencyKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3}))
	r := d.request(o, wanted("refund", back(o.Lines[0].ID, 3, "changed_mind")))
	count := func(key string, units int) *apitest.Response {
		return d.agent().With("Idempotency-Key", key).Do("POST", adminPath(r, "receive"),
			object{"lines": []object{{"lineId": r.Lines[0].LineID, "good": units}}})
	}
	count("first-parcel-of-it", 1).Want(200)
	if again := count("first-parcel-of-it", 1).Want(200); again.Headers.Get("Idempotent-Replayed") != "true" {
		t.Error("the repetition is not marked")
	}
	count("first-parcel-of-it", 2).WantProblem(422, "idempotency_key_reused")
	count("second-parcel-of-it", 1).Want(200)
	if got := d.read(r.ID).Lines[0].Count; got.Good != 2 {
		t.Errorf("%d units counted of two parcels with one each", got.Good)
	}
}
