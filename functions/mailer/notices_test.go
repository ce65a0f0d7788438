package mailer_test

import (
	"strings"
	"testing"
	"time"

	"dangol/events"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
)

func returned(language string) events.ReturnRef {
	return events.ReturnRef{ReturnID: "ret_1", OrderRef: ref(language)}
}

// back is two units of soap that were announced, of which some arrived and were accepted.
func back(arrived, accepted int) []events.ReturnLine {
	return []events.ReturnLine{{LineID: "l1", Title: "쑥 비누", Quantity: 2, Reason: "faulty", Arrived: arrived,
		Accepted: accepted}}
}

func TestEachStepAfterAPurchaseIsToldAsItWasDecided(t *testing.T) {
	t.Parallel()
	later := noon.Add(72 * time.Hour)
	number := order.NewID(noon)
	for _, c := range []struct {
		name    string
		body    event.Body
		subject string
		text    []string
		not     []string
	}{
		{"a request that waits", events.ReturnRequested{ReturnRef: returned("en"), Resolution: "refund", Lines: back(0, 0),
			Quoted: krw(24_000)}, "We have your return request", []string{"Quoted: ₩24,000", "You get: Refund", "x 2"},
			[]string{"approved. "}},
		{"a request that is approved at once", events.ReturnRequested{ReturnRef: returned("en"), Resolution: "store_credit",
			Approved: true, Way: "own", SendBy: later, Lines: back(0, 0), Quoted: krw(24_000)}, "Your return is approved",
			[]string{"Please send the goods", "Wed, 4 Mar 2026", "Store credit"}, nil},
		{"an exchange quotes no refund", events.ReturnRequested{ReturnRef: returned("en"), Resolution: "exchange",
			Lines: back(0, 0), Quoted: krw(24_000)}, "We have your return request", []string{"An exchange"},
			[]string{"24,000"}},
		{"approved, the goods stay", events.ReturnApproved{ReturnRef: returned("en"), Way: "keep", Lines: back(0, 0)},
			"Your return is approved", []string{"do not have to send anything back"}, []string{"Send by"}},
		{"a label", events.ReturnBooked{ReturnRef: returned("en"), Way: "label", Carrier: "CJ Logistics",
			TrackingNumber: "6000", SendBy: later}, "Your return label is ready", []string{"6000", "Send by"}, nil},
		{"a pickup", events.ReturnBooked{ReturnRef: returned("en"), Way: "pickup", Carrier: "CJ Logistics",
			TrackingNumber: "6000", PickupFrom: later}, "A pickup is booked", []string{"Pickup from"}, []string{"label"}},
		{"one of two arrived", events.ReturnReceived{ReturnRef: returned("en"), Lines: back(1, 0), RefundBy: later,
			ReceivedAt: noon}, "Your parcel has reached us", []string{"x 1", "Settled by"}, []string{"x 2"}},
		{"a refund of a part, partly as credit", events.ReturnCompleted{ReturnRef: returned("en"), Resolution: "refund",
			Lines: back(2, 1), Refund: krw(10_000), ToCredit: krw(4_000), Credit: krw(0), Fees: krw(2_500), Interest: krw(0),
			CompletedAt: noon}, "Your refund is on its way", []string{"To payment method: ₩6,000",
			"Back as store credit: ₩4,000", "Fees kept: ₩2,500", "Not accepted: 1", "x 1"}, []string{"Interest"}},
		{"interest for delay", events.ReturnCompleted{ReturnRef: returned("ko"), Resolution: "refund", Lines: back(2, 2),
			Refund: krw(24_000), Credit: krw(0), Interest: krw(9), CompletedAt: noon}, "환불이 처리되었습니다",
			[]string{"지연 이자: ₩9", "결제 수단으로 환불: ₩24,000"}, []string{"인정되지 않은"}},
		{"credit with its bonus", events.ReturnCompleted{ReturnRef: returned("en"), Resolution: "store_credit",
			Lines: back(2, 2), Refund: krw(0), Credit: krw(26_400), CompletedAt: noon}, "Your store credit is ready",
			[]string{"Store credit: ₩26,400"}, []string{"Back the way"}},
		{"an exchange whose difference was paid", events.ReturnCompleted{ReturnRef: returned("en"), Resolution: "exchange",
			Lines: back(2, 2), Refund: krw(0), Credit: krw(0), Paid: krw(3_000), NewOrderID: number, CompletedAt: noon},
			"Your exchange is on its way", []string{"You paid: ₩3,000", order.NumberOf(number)}, []string{"Back the way"}},
		{"a replacement", events.ReturnCompleted{ReturnRef: returned("en"), Resolution: "replacement", Lines: back(0, 2),
			Refund: krw(0), Credit: krw(0), NewOrderID: number, CompletedAt: noon}, "Your replacement is on its way",
			[]string{"at no cost"}, nil},
		{"a refund instead, because the difference was not paid", events.ReturnCompleted{ReturnRef: returned("en"),
			Resolution: "refund", Instead: "balance_unpaid", Lines: back(2, 2), Refund: krw(24_000), Credit: krw(0),
			CompletedAt: noon}, "A refund instead of your exchange", []string{"was not paid in time"}, nil},
		{"a refund instead, because a part was accepted", events.ReturnCompleted{ReturnRef: returned("en"),
			Resolution: "refund", Instead: "partly_accepted", Lines: back(2, 1), Refund: krw(12_000), Credit: krw(0),
			CompletedAt: noon}, "A refund instead of your exchange", []string{"accept only some"}, nil},
		{"rejected with a reason", events.ReturnRejected{ReturnRef: returned("en"), Lines: back(0, 0),
			Reason: "The seal was broken."}, "We could not accept your return", []string{"> The seal was broken."}, nil},
		{"rejected, nothing accepted", events.ReturnRejected{ReturnRef: returned("en"), Lines: back(2, 0),
			Reason: "nothing_accepted"}, "We could not accept your return", []string{"could accept none"},
			[]string{"nothing_accepted"}},
		{"canceled", events.ReturnCanceled{ReturnRef: returned("en"), Lines: back(0, 0)}, "Your return was canceled", nil,
			nil},
		{"expired", events.ReturnCanceled{ReturnRef: returned("en"), Expired: true, Lines: back(0, 0)},
			"Your return has expired", nil, nil},
		{"a balance", events.ReturnBalanceAsked{ReturnRef: returned("en"), Balance: krw(3_000), PayBy: later},
			"Please pay the difference", []string{"To pay: ₩3,000", "Nothing is charged without you"}, nil},
		{"another address", events.OrderChanged{OrderRef: ref("en"), What: []string{"address"}, By: "customer"},
			"Your delivery address was changed", nil, nil},
		{"another address after a contact that proves nothing", events.OrderChanged{OrderRef: newContact(),
			What: []string{"address"}, By: "customer", Former: "ann@example.com"}, "Your delivery address was changed", nil,
			[]string{"new@example.com"}},
		{"another contact, told to the one before", events.OrderChanged{OrderRef: newContact(), What: []string{"contact"},
			By: "customer", Former: "ann@example.com"}, "The contact of your order was changed",
			[]string{"no longer to this one"}, []string{"new@example.com"}},
		{"lines taken off", events.OrderChanged{OrderRef: ref("en"), What: []string{"lines"}, Removed: soap(),
			Refund: krw(24_000), By: "customer"}, "Your order was changed", []string{"Refund: ₩24,000"}, nil},
		{"a gift taken off", events.OrderChanged{OrderRef: ref("en"), What: []string{"lines"}, Removed: soap(),
			Refund: krw(0), By: "customer"}, "Your order was changed", []string{"Nothing had been paid"}, []string{"Refund:"}},
		{"lines added", events.OrderChanged{OrderRef: ref("en"), What: []string{"lines"}, Added: soap(), Paid: krw(24_000),
			By: "customer"}, "Your order was changed", []string{"You paid: ₩24,000", "added to your order"}, nil},
		{"a payment for what is to be added", events.OrderPaymentRequested{OrderRef: ref("en"), Addition: 2, Added: soap(),
			Amount: krw(24_000), PayBy: later, By: "shop"}, "Please pay for what you added",
			[]string{"To pay: ₩24,000", "/account/orders/ord_1/additions/2"}, nil},
		{"a refund as a gesture", events.OrderRefunded{OrderRef: ref("en"), Amount: krw(1_000), Reason: "angry customer"},
			"A refund for your order", []string{"₩1,000"}, []string{"angry"}},
		{"credit", events.CreditGranted{LotID: "lot_1", CustomerID: "c", Email: "ann@example.com", Language: "en",
			Amount: krw(5_000), Reason: "VIP", ExpiresAt: later}, "You have store credit", []string{"₩5,000", "Expires"},
			[]string{"VIP"}},
		{"credit that expires", events.CreditExpiryAnnounced{CreditLot: events.CreditLot{LotID: "lot_1", CustomerID: "c",
			Email: "ann@example.com", Language: "en", Left: krw(5_000), ExpiresAt: later}}, "Your store credit expires soon",
			[]string{"₩5,000"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{})
			if err := b.deliver(eventMessage(t, "evt_1", c.body)); err != nil {
				t.Fatal(err)
			}
			b.wantNotice(c.subject, c.text, c.not)
		})
	}
}

// newContact is an order about which somebody else is written to by now.
func newContact() events.OrderRef {
	r := ref("en")
	r.Email = "new@example.com"
	return r
}

// wantNotice checks the one mail that was sent.
func (b *bench) wantNotice(subject string, text, not []string) {
	b.t.Helper()
	if len(b.ses.accepted) != 1 {
		b.t.Fatalf("%d mails", len(b.ses.accepted))
	}
	m := b.ses.accepted[0]
	if !strings.Contains(m.Subject, subject) || !strings.EqualFold(m.To, "ann@example.com") {
		b.t.Errorf("to %s: %s, want %s", m.To, m.Subject, subject)
	}
	for _, want := range text {
		if !strings.Contains(m.Text, want) {
			b.t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
	for _, no := range not {
		if strings.Contains(m.Text, no) {
			b.t.Errorf("%q is in\n%s", no, m.Text)
		}
	}
}

// reviewed is a review of an order that is stored.
func (b *bench) reviewed(email string) events.ReviewRef {
	b.t.Helper()
	b.clock.Advance(time.Millisecond) // an id of its own
	id := order.NewID(b.clock.Now())
	b.ordered(id, email)
	return events.ReviewRef{ReviewID: "rev_1", ProductID: "p1", OrderID: id, Language: "ko"}
}

// ordered stores an order of somebody who reads English.
func (b *bench) ordered(id, email string) {
	b.t.Helper()
	d := order.Draft{
		Email: email, Language: "en", Lines: table.List[order.Line]{{ID: "l1", Title: "쑥 비누", Quantity: 1}},
		Totals: order.Totals{Totals: pricing.Totals{Currency: "KRW"}},
	}
	o := order.New(id, "chk_1", d, order.Payment{}, noon)
	if err := b.commerce.Put(b.t.Context(), b.mailer.Orders.Place(o)); err != nil {
		b.t.Fatal(err)
	}
}

func TestAuthorsOfReviewsAreWrittenToAtTheAddressOfTheirOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		body    func(events.ReviewRef) event.Body
		subject string
		text    []string
		not     []string
	}{
		{"a private answer with an offer", func(r events.ReviewRef) event.Body {
			return events.RecoveryAnswered{RecoveryRef: events.RecoveryRef{ReviewRef: r, CaseID: "rev_1"},
				Text: "We refund it.\nSorry.", Offer: "refund"}
		}, "An answer to your review", []string{"> We refund it.\n> Sorry.", "Offer: Refund", "no conditions"}, nil},
		{"an invitation", func(r events.ReviewRef) event.Body {
			return events.ReviewUpdateInvited{RecoveryRef: events.RecoveryRef{ReviewRef: r, CaseID: "rev_1"}}
		}, "You can update your review", []string{"will not ask again"}, []string{"star"}},
		{"returned for reasons", func(r events.ReviewRef) event.Body {
			return events.ReviewUnpublished{ReviewRef: r, State: "returned", Reasons: []string{"links", "profanity"}}
		}, "Please change your review", []string{"- The text has a link.", "- The text has an insult"}, nil},
		{"rejected", func(r events.ReviewRef) event.Body {
			return events.ReviewUnpublished{ReviewRef: r, State: "rejected", Reasons: []string{"spam"}}
		}, "Your review was not published", []string{"- The review is advertising."}, []string{"Change the marked"}},
		{"a photo that is not shown", func(r events.ReviewRef) event.Body {
			return events.ReviewMediaRejected{ReviewRef: r, MediaID: "med_1", Kind: "photo", Reason: "image"}
		}, "A photo of your review is not shown", []string{"- A photo or video cannot be shown.", "stays"}, nil},
		{"a reward", func(r events.ReviewRef) event.Body {
			return events.ReviewRewarded{ReviewRef: r, Kind: "review", Form: "coupon", Code: "THX-1", Amount: 500,
				Currency: "KRW", ValidTo: noon}
		}, "A code for your review", []string{"THX-1", "₩500", "whatever the stars", "was rewarded"}, nil},
		{"a reward that is taken back", func(r events.ReviewRef) event.Body {
			return events.ReviewRewardRevoked{ReviewRef: r, Reason: "refund"}
		}, "The code for your review was withdrawn", []string{"stays published"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{})
			if err := b.deliver(eventMessage(t, "evt_1", c.body(b.reviewed("ann@example.com")))); err != nil {
				t.Fatal(err)
			}
			b.wantNotice(c.subject, c.text, c.not)
		})
	}
}

func TestNobodyIsWrittenToWhoNeedsNoMailOrHasNoAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	r := b.reviewed("ann@example.com")
	gone, imported, erased := r, r, b.reviewed("erased")
	gone.OrderID, imported.OrderID = order.NewID(noon.Add(time.Hour)), ""
	for n, body := range []event.Body{
		events.ReviewUnpublished{ReviewRef: r, State: "held"}, events.ReviewUnpublished{ReviewRef: r, State: "deleted"},
		events.ReviewRewardRevoked{ReviewRef: r, Reason: "refund", Spent: true},
		events.ReviewUnpublished{ReviewRef: gone, State: "returned"},
		events.ReviewUnpublished{ReviewRef: imported, State: "returned"},
		events.ReviewUnpublished{ReviewRef: erased, State: "returned"},
		events.OrderChanged{OrderRef: ref("ko"), What: []string{"hold"}, By: "shop"},
		events.CreditGranted{LotID: "lot_1", CustomerID: "c", Amount: krw(5_000), ExpiresAt: noon},
	} {
		if err := b.deliver(eventMessage(t, "evt_"+string(rune('a'+n)), body)); err != nil {
			t.Errorf("%s: %v", body.EventType(), err)
		}
	}
	b.sweep(3)
	if len(b.ses.accepted) != 0 {
		t.Errorf("%d mails, the first %q", len(b.ses.accepted), b.ses.accepted[0].Subject)
	}
}
