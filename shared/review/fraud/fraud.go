// Package fraud says why a review may not be genuine: an explainable sum of named signals, without an outside service.
// It is pure. A review whose signals reach the threshold is held and shown to a moderator with the signals, never
// dropped.
//
// The stars of the review itself are not a fact here. Extremes looks at the other reviews of the account together, and
// counts accounts that only praise like those that only complain.
package fraud

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"dangol/shared/review"
)

// HoldAt is the sum of weights from which a review is held.
const HoldAt = review.HoldScore

// Facts is what is known when a review is written or edited.
type Facts struct {
	Text    string
	Copies  []Copy    // nearly the same texts of others
	Written time.Time // of this review
	// Delivered is when the order line arrived; zero when that is not known.
	Delivered time.Time
	Recent    []time.Time // when other reviews of the product were written, newest first
	SharedBy  Shared
	Author    Author
	Order     Order
}

// Copy is another review with nearly the same text.
type Copy struct {
	ReviewID   string
	Author     string
	Similarity float64 // 0 to 1
}

// Shared is how many other accounts that wrote reviews share something with the author.
type Shared struct{ Address, Device, Payment int }

// Author is the record of the account.
type Author struct {
	Stars [5]int // of the other reviews of the account; this one's are no signal
	// RefundedAfterReward is how many orders were refunded after their review was rewarded.
	RefundedAfterReward int
	Rejected            int // reviews taken down as not genuine or spam
	Staff               bool
	CouponOnly          bool // nothing was ever paid: every order was covered by discounts
}

// Order is what the order says.
type Order struct{ Paid, Listed int64 } // minor units

// Assessment is the signals with their sum.
type Assessment struct {
	Score   int
	Signals []review.Signal
}

// Hold reports whether a moderator has to look first.
func (a Assessment) Hold() bool { return a.Score >= HoldAt }

// Assess sums up the signals of the facts.
func Assess(f Facts) Assessment {
	var a Assessment
	for _, signal := range []func(Facts) (review.Signal, bool){
		copies, burst, shared, beforeDelivery, refunded, extremes, staff, couponOnly, rejected, deliveryOnly, repeats,
	} {
		if s, ok := signal(f); ok {
			a.Signals = append(a.Signals, s)
			a.Score += s.Weight
		}
	}
	return a
}

// signal is a signal that holds.
func signal(name string, weight int, format string, args ...any) (review.Signal, bool) {
	return review.Signal{Name: name, Weight: weight, Detail: fmt.Sprintf(format, args...)}, true
}

// ClusterSize is how many copies of other accounts make a campaign: from here on copies alone hold a review, and the
// earlier copies are held too.
const ClusterSize = 2

// Campaign is the signal on an earlier review of which n copies were found later, one of them like it to that degree.
func Campaign(n int, later string, like float64) (review.Signal, bool) {
	return signal("near_duplicate", min(75, 35+20*(n-1)),
		"%d later reviews have nearly this text (up to %.0f %% alike), such as %s", n, like*100, later)
}

// copies weighs 35 for one copy by another account and 20 for each further one, up to 75.
func copies(f Facts) (review.Signal, bool) {
	if len(f.Copies) == 0 {
		return review.Signal{}, false
	}
	most := 0.0
	for _, c := range f.Copies {
		most = max(most, c.Similarity)
	}
	return signal("near_duplicate", min(75, 35+20*(len(f.Copies)-1)),
		"%d other reviews have nearly this text (up to %.0f %% alike), such as %s", len(
			f.Copies), most*100, f.Copies[0].ReviewID)
}

// The window of a burst, and how many reviews in it are never one: a product that is shipped in waves is reviewed in
// waves.
const (
	burstWindow = 24 * time.Hour
	burstLeast  = 8
	burstTimes  = 5
)

// burst compares the last 24 hours with the product's own rate before: the reviews in Recent that are older.
func burst(f Facts) (review.Signal, bool) {
	now, oldest, before := 1, f.Written, 0
	for _, t := range f.Recent {
		if f.Written.Sub(t) < burstWindow {
			now++
			continue
		}
		before++
		if t.Before(oldest) {
			oldest = t
		}
	}
	// At least one day: a new product has no rate of its own yet.
	days := max(1, (f.Written.Sub(oldest)-burstWindow).Hours()/24)
	usual := float64(before) / days
	if now < burstLeast || float64(now) < burstTimes*usual {
		return review.Signal{}, false
	}
	return signal("burst", 20, "%d reviews of the product in 24 hours, usually %.1f", now, usual)
}

// shared weighs 25 for something that another reviewing account shares, 20 more when three or more do, and 10 for each
// further kind of thing: a family shares address and device and is not held for it.
func shared(f Facts) (review.Signal, bool) {
	var kinds []string
	most := 0
	for _, s := range []struct {
		what string
		n    int
	}{{"address", f.SharedBy.Address}, {"device", f.SharedBy.Device}, {"payment", f.SharedBy.Payment}} {
		if s.n > 0 {
			kinds = append(kinds, fmt.Sprintf("%s with %d", s.what, s.n))
			most = max(most, s.n)
		}
	}
	if len(kinds) == 0 {
		return review.Signal{}, false
	}
	weight := 25 + 10*(len(kinds)-1)
	if most >= 3 {
		weight += 20
	}
	return signal("shared_account", weight, "shared with other reviewing accounts: %s", strings.Join(kinds, ", "))
}

// beforeDelivery weighs 40, which alone does not hold a review: carriers report deliveries late.
func beforeDelivery(f Facts) (review.Signal, bool) {
	if f.Delivered.IsZero() || !f.Written.Before(f.Delivered) {
		return review.Signal{}, false
	}
	return signal("before_delivery", 40, "written %s before delivery", f.Delivered.Sub(f.Written).Round(time.Hour))
}

// refunded weighs 25 for each order, up to 50: once may be chance.
func refunded(f Facts) (review.Signal, bool) {
	if f.Author.RefundedAfterReward == 0 {
		return review.Signal{}, false
	}
	return signal("refunded_after_reward", min(50, 25*f.Author.RefundedAfterReward),
		"%d orders were refunded after their review was rewarded", f.Author.RefundedAfterReward)
}

// extremesLeast is how many reviews an account must have before its stars say something.
const extremesLeast = 8

// extremes weighs little, because some honest people rate like that.
func extremes(f Facts) (review.Signal, bool) {
	total := 0
	for _, n := range f.Author.Stars {
		total += n
	}
	if total < extremesLeast || f.Author.Stars[0]+f.Author.Stars[4] < total {
		return review.Signal{}, false
	}
	return signal("extremes_only", 10, "all %d reviews of the account have one or five stars", total)
}

// staff weighs 60, which holds the review: an interest of its own has to be looked at (16 CFR
// 465.5).
func staff(f Facts) (review.Signal, bool) {
	if !f.Author.Staff {
		return review.Signal{}, false
	}
	return signal("staff", 60, "the account belongs to the shop's staff")
}

// couponOnly weighs 25: somebody who paid almost nothing is no ordinary buyer.
func couponOnly(f Facts) (review.Signal, bool) {
	if !f.Author.CouponOnly && (f.Order.Listed == 0 || f.Order.Paid*10 > f.Order.Listed) {
		return review.Signal{}, false
	}
	return signal("coupon_only", 25, "discounts covered nine tenths of the order or more")
}

// rejected weighs 25 for each earlier review that was not genuine, up to 50.
func rejected(f Facts) (review.Signal, bool) {
	if f.Author.Rejected == 0 {
		return review.Signal{}, false
	}
	return signal("rejected_before", min(50, 25*f.Author.Rejected),
		"%d reviews of the account were taken down as not genuine", f.Author.Rejected)
}

// deliveryWords are the stems of what people write about the parcel and not about the product, with fillers around
// them.
var deliveryWords = strings.Fields("배송 배달 택배 포장 도착 기사님 빨라 빠르 빠른 빨리 안전하게 왔어요 왔네요 받았어요 받았습니다 " +
	"감사합니다 감사해요 좋아요 좋네요 좋습니다 너무 정말 아주 잘 " +
	"delivery shipping shipped arrived package packaging fast quick quickly on time thanks thank you good great very " +
	"the was and")

// deliveryOnly reports a text of which nothing is left without delivery words and the endings that Korean puts on them.
func deliveryOnly(f Facts) (review.Signal, bool) {
	about, rest := false, 0
	for _, word := range strings.FieldsFunc(strings.ToLower(f.Text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		known := false
		for i, stem := range deliveryWords {
			// The first six stems are the Korean words for the delivery itself; the others are
			// fillers.
			if strings.HasPrefix(word, stem) {
				known, about = true, about || i < 6 || strings.HasPrefix(stem, "deliver") || strings.HasPrefix(stem, "ship")
			}
		}
		if !known {
			rest++
		}
	}
	if !about || rest > 0 {
		return review.Signal{}, false
	}
	return signal("delivery_only", 10, "the text is about the delivery only")
}

// repeats reports a text of few different characters for its length.
func repeats(f Facts) (review.Signal, bool) {
	different := map[rune]bool{}
	letters := 0
	for _, r := range f.Text {
		if unicode.IsLetter(r) {
			different[r] = true
			letters++
		}
	}
	if letters < 20 || len(different)*6 > letters {
		return review.Signal{}, false
	}
	return signal("repeated_characters", 20, "%d letters, only %d different ones", letters, len(different))
}
