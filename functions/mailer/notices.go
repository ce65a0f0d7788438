package mailer

import (
	"cmp"
	"strconv"
	"time"

	"dangol/events"
	"dangol/shared/mail"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/review"
)

// notice is the letter of one step after a purchase. lines are the units it is about.
func notice(ref events.OrderRef, kind, path string, lines []mail.Line, facts ...mail.NoticeFact) letter {
	return about(ref, mail.ServiceNotice{
		Kind: kind, Number: ref.Number, Name: ref.Name, Lines: lines, Facts: present(facts), Path: path,
	})
}

// present leaves out rows that say nothing: an amount of zero, no time, no text.
func present(facts []mail.NoticeFact) []mail.NoticeFact {
	var out []mail.NoticeFact
	for _, f := range facts {
		if f.Amount.Amount != 0 || !f.At.IsZero() || f.Text != "" || f.Word != "" {
			out = append(out, f)
		}
	}
	return out
}

func amount(name string, m money.Money) mail.NoticeFact {
	return mail.NoticeFact{Name: name, Amount: m}
}
func moment(name string, t time.Time) mail.NoticeFact { return mail.NoticeFact{Name: name, At: t} }
func words(name, text string) mail.NoticeFact         { return mail.NoticeFact{Name: name, Text: text} }
func word(name, key string) mail.NoticeFact           { return mail.NoticeFact{Name: name, Word: key} }

// Where in the shop the reader finds what the mail is about.
func returnPath(r events.ReturnRef) string { return "/account/returns/" + r.ReturnID }
func orderPath(r events.OrderRef) string   { return "/account/orders/" + r.OrderID }

const (
	creditPath = "/account/store-credit"
	reviewPath = "/account/reviews"
)

// returnLines are the units of a return; count says how many of a line.
func returnLines(all []events.ReturnLine, count func(events.ReturnLine) int) []mail.Line {
	var out []mail.Line
	for _, l := range all {
		if n := count(l); n > 0 {
			out = append(out, mail.Line{Title: l.Title, Options: l.Options, Quantity: n})
		}
	}
	return out
}

// Which of the counts of a line a mail shows: what was to come back, what arrived, or what the inspection accepted.
func announced(l events.ReturnLine) int { return l.Quantity }
func arrived(l events.ReturnLine) int   { return l.Arrived }
func accepted(l events.ReturnLine) int  { return l.Accepted }

// returnRequested says how the goods come back when the return was approved at once. What was quoted is told where it
// is what the customer gets; an exchange has its own figures.
func returnRequested(b events.ReturnRequested) letter {
	kind, quoted := "return_requested", b.Quoted
	if b.Approved {
		kind = "return_approved-" + b.Way
	}
	if b.Resolution == "exchange" || b.Resolution == "replacement" {
		quoted = money.Money{}
	}
	return notice(b.OrderRef, kind, returnPath(b.ReturnRef), returnLines(b.Lines, announced),
		word("resolution", b.Resolution), amount("quoted", quoted), moment("send_by", b.SendBy))
}

func returnApproved(b events.ReturnApproved) letter {
	return notice(b.OrderRef, "return_approved-"+b.Way, returnPath(b.ReturnRef), returnLines(b.Lines, announced),
		moment("send_by", b.SendBy))
}

func returnBooked(b events.ReturnBooked) letter {
	return notice(b.OrderRef, "return_booked-"+b.Way, returnPath(b.ReturnRef), nil, words("carrier", b.Carrier),
		words("tracking", b.TrackingNumber), moment("pickup_from", b.PickupFrom), moment("send_by", b.SendBy))
}

func returnReceived(b events.ReturnReceived) letter {
	return notice(b.OrderRef, "return_received", returnPath(b.ReturnRef), returnLines(b.Lines, arrived),
		moment("settled_by", b.RefundBy))
}

// returnCompleted says what the customer gets, on which ways, and why it is not what they chose.
func returnCompleted(b events.ReturnCompleted) letter {
	kind, path := "return_completed-"+b.Resolution, returnPath(b.ReturnRef)
	if b.Instead != "" {
		kind += "-" + b.Instead
	}
	switch b.Resolution {
	case "exchange", "replacement":
		path = "/account/orders/" + b.NewOrderID
	case "store_credit":
		path = creditPath
	}
	refused := 0
	for _, l := range b.Lines {
		refused += l.Quantity - l.Accepted
	}
	facts := []mail.NoticeFact{
		words("new_order", order.NumberOf(b.NewOrderID)),
		amount("to_payments", money.Of(b.Refund.Amount-b.ToCredit.Amount, b.Refund.Currency)),
		amount("to_credit", b.ToCredit), amount("store_credit", b.Credit), amount("paid", b.Paid), amount("fees", b.Fees),
		amount("interest", b.Interest),
	}
	if refused > 0 {
		facts = append(facts, words("not_accepted", strconv.Itoa(refused)))
	}
	return notice(b.OrderRef, kind, path, returnLines(b.Lines, accepted), facts...)
}

// returnRejected has the reason in the words of the person who decided, or says that nothing of it was accepted.
func returnRejected(b events.ReturnRejected) letter {
	n := mail.ServiceNotice{
		Kind: "return_rejected", Number: b.Number, Name: b.Name, Lines: returnLines(b.Lines, announced), Message: b.Reason,
		Path: returnPath(b.ReturnRef),
	}
	if b.Reason == "nothing_accepted" {
		n.Kind, n.Message = "return_rejected-nothing_accepted", ""
	}
	return about(b.OrderRef, n)
}

func returnCanceled(b events.ReturnCanceled) letter {
	kind := "return_canceled"
	if b.Expired {
		kind = "return_expired"
	}
	return notice(b.OrderRef, kind, orderPath(b.OrderRef), returnLines(b.Lines, announced))
}

func balanceAsked(b events.ReturnBalanceAsked) letter {
	return notice(b.OrderRef, "return_balance_asked", returnPath(b.ReturnRef), nil, amount("balance", b.Balance),
		moment("pay_by", b.PayBy))
}

// orderChanged tells changes that the customer has to know of; that an order is held is the shop's own affair.
func orderChanged(b events.OrderChanged) letter {
	for _, what := range b.What {
		switch what {
		case "address":
			return notice(former(b), "order_changed-address", orderPath(b.OrderRef), nil)
		case "contact":
			return notice(former(b), "order_changed-contact", orderPath(b.OrderRef), nil)
		case "lines":
			kind := "order_changed-lines"
			if len(b.Added) > 0 {
				return notice(b.OrderRef, "order_changed-lines_added", orderPath(b.OrderRef), lines(b.Added),
					amount("paid", b.Paid))
			}
			if b.Refund.Amount == 0 {
				kind = "order_changed-lines_free"
			}
			return notice(b.OrderRef, kind, orderPath(b.OrderRef), lines(b.Removed), amount("refund", b.Refund))
		}
	}
	return letter{}
}

// former is the order with the mail address before its contact changed, if it did: at the new one a stranger who made
// the change would be warned of themselves.
func former(b events.OrderChanged) events.OrderRef {
	to := b.OrderRef
	to.Email = cmp.Or(b.Former, to.Email)
	return to
}

// paymentRequested has the link at which goods that are to be added to an order are paid.
func paymentRequested(b events.OrderPaymentRequested) letter {
	path := orderPath(b.OrderRef) + "/additions/" + strconv.Itoa(b.Addition)
	return notice(b.OrderRef, "order_payment_requested", path, lines(b.Added), amount("balance", b.Amount),
		moment("pay_by", b.PayBy))
}

// orderRefunded leaves the reason out: it is what an operator typed, and not written to be sent.
func orderRefunded(b events.OrderRefunded) letter {
	return notice(b.OrderRef, "order_refunded", orderPath(b.OrderRef), lines(b.Lines), amount("refund", b.Amount))
}

// creditGranted is told where there is an address. Credit of a return has no event of its own: its mail says so.
func creditGranted(b events.CreditGranted) letter {
	return ofCredit("credit_granted", b.LotID, b.Email, b.Language, b.Amount, b.ExpiresAt)
}

func creditExpiring(b events.CreditExpiryAnnounced) letter {
	return ofCredit("credit_expiring", b.LotID, b.Email, b.Language, b.Left, b.ExpiresAt)
}

// ofCredit is a mail about a lot of store credit; none when the lot knows no address. The lot need not have an order.
func ofCredit(kind, lotID, email, language string, m money.Money, expires time.Time) letter {
	if email == "" {
		return letter{}
	}
	return letter{to: email, language: language, about: lotID, content: mail.ServiceNotice{
		Kind: kind, Facts: present([]mail.NoticeFact{amount("amount", m), moment("expires", expires)}), Path: creditPath,
	}}
}

// ofReview is a letter to the author of a review, whose address is that of the order. Imported reviews have none.
func ofReview(ref events.ReviewRef, n mail.ServiceNotice) letter {
	if ref.OrderID == "" {
		return letter{}
	}
	n.Path = reviewPath + "/" + ref.ReviewID
	return letter{orderID: ref.OrderID, about: ref.OrderID, language: ref.Language, content: n}
}

func reviewAnswered(b events.RecoveryAnswered) letter {
	var facts []mail.NoticeFact
	if b.Offer != "" {
		facts = []mail.NoticeFact{word("offer", b.Offer)}
	}
	return ofReview(b.ReviewRef, mail.ServiceNotice{Kind: "review_answered", Message: b.Text, Facts: facts})
}

func updateInvited(b events.ReviewUpdateInvited) letter {
	return ofReview(b.ReviewRef, mail.ServiceNotice{Kind: "review_update_invited"})
}

// reviewUnpublished tells the author why a moderator did not publish a review. One that is held is not decided yet, and
// one that the author deleted needs no mail.
func reviewUnpublished(b events.ReviewUnpublished) letter {
	state := review.State(b.State)
	if state != review.Returned && state != review.Rejected {
		return letter{}
	}
	n := mail.ServiceNotice{Kind: "review_" + b.State}
	for _, code := range b.Reasons {
		if p, ok := review.PolicyOf(review.Reason(code)); ok {
			n.Reasons = append(n.Reasons, mail.Localized(p.Text))
		}
	}
	return ofReview(b.ReviewRef, n)
}

// mediaRejected tells the author why a photo or video is not shown; the text of the review is judged apart.
func mediaRejected(b events.ReviewMediaRejected) letter {
	n := mail.ServiceNotice{Kind: "review_media_rejected"}
	if p, ok := review.PolicyOf(review.Reason(b.Reason)); ok {
		n.Reasons = []mail.Localized{p.Text}
	}
	return ofReview(b.ReviewRef, n)
}

func reviewRewarded(b events.ReviewRewarded) letter {
	return ofReview(b.ReviewRef, mail.ServiceNotice{Kind: "review_rewarded", Facts: present([]mail.NoticeFact{
		words("code", b.Code), amount("worth", money.Of(b.Amount, b.Currency)), moment("valid_to", b.ValidTo),
	})})
}

// rewardRevoked tells of a code that can no longer be used. One that was used stays used, and nothing changes.
func rewardRevoked(b events.ReviewRewardRevoked) letter {
	if b.Spent {
		return letter{}
	}
	return ofReview(b.ReviewRef, mail.ServiceNotice{Kind: "review_reward_revoked-" + b.Reason})
}
