package reviews

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/fraud"
	"dangol/shared/review/reward"
	"dangol/shared/review/similarity"
	"dangol/shared/review/store"
)

// publish screens a new review and stores it: published, or held with its signals.
func (f *Reviews) publish(ctx context.Context, r *review.Review, o *order.Order) error {
	sc, copies, err := f.screen(ctx, r, o)
	if err != nil {
		return err
	}
	now := f.Clock.Now()
	// Set before the write, so that the job for it is stored with the review.
	r.RewardAt = rewardAt(r, now)
	cases, err := f.Store.CaseWrites(ctx, r, 0)
	if err != nil {
		return err
	}
	if err := f.Store.Create(ctx, r, sc, covered(o),
		store.Effect{Body: store.ChangedEvent(r, 0, now), With: cases}); err != nil {
		return err
	}
	// After the write: the copies name this review as the one that gave them away.
	f.holdCopies(ctx, r, copies)
	return nil
}

// rewrite applies a change by the author: what the review said is kept, the new text is checked and screened like a new
// one, and a case is opened or told. Photos are judged apart and stay as they are.
func (f *Reviews) rewrite(
	ctx context.Context, was *review.Review, o *order.Order, insist bool, change func(*review.Review) error,
) (*ownOutput, error) {
	now := f.Clock.Now()
	var copies []fraud.Copy
	r, err := f.Store.Change(ctx, store.ReviewID{ProductID: was.ProductID, ReviewID: was.ID},
		// Change calls this again when somebody else has written meanwhile; all of it is computed
		// from r anew.
		func(r *review.Review) (e store.Effect, changed bool, err error) {
			if r.Before() == review.Rejected {
				return e, false, problem.Conflict("review_rejected", "This review was taken down and cannot be changed.")
			}
			before, kept := *r, f.Store.Keep(r)
			if err := change(r); err != nil {
				return e, false, err
			}
			// A returned review may be sent again as it is; judgeText then decides about the same
			// words anew.
			if sameWords(&before, r) && r.State != review.Returned {
				return e, false, nil
			}
			previous := store.Counted(&before)
			// Signals and reasons belong to the old words.
			r.State, r.Reasons, r.Signals, r.DecideBy = review.Published, nil, nil, r.MediaDeadline()
			r.DeletedAs = ""
			if !sameWords(&before, r) {
				r.Approved = time.Time{} // a moderator approved of the old words
			}
			if err := judgeText(r, insist, now); err != nil {
				return e, false, err
			}
			if _, copies, err = f.screen(ctx, r, o); err != nil {
				return e, false, err
			}
			if before.State == review.Returned && r.State == review.Published && sameLetters(&before, r) {
				hold(r, before.Reasons, now) // a moderator has returned these very words, whatever the stars
			}
			// Reports were about the old words, unless they hold the review: whoever reported it cannot do so again.
			weight := 0
			if before.StaysHeld() {
				weight = before.ReportWeight
				hold(r, before.Reasons, now)
			}
			if r.Reward == nil {
				r.RewardAt = rewardAt(r, now) // a longer text may earn what a shorter one did not
			}
			r.Edits++
			r.Edited, r.ReportWeight = now, weight
			starsBefore := before.Rating()
			// A deleted review counts for no stars, so the case sees it as a new one.
			if before.State == review.Deleted {
				starsBefore = 0
			}
			cases, err := f.Store.CaseWrites(ctx, r, starsBefore)
			if err != nil {
				return e, false, err
			}
			e.With = append([]table.Write{kept}, cases...)
			e.Body = store.ChangedEvent(r, previous, now)
			return e, true, nil
		})
	if err != nil {
		return nil, err
	}
	f.holdCopies(ctx, r, copies)
	return &ownOutput{Status: 200, Body: f.own(r)}, nil
}

// rewardAt is when it is decided what a review earns: when the order can no longer be withdrawn from.
func rewardAt(r *review.Review, now time.Time) time.Time {
	if at := r.Delivered.Add(reward.Default.Wait); at.After(now) {
		return at
	}
	return now
}

// sameWords reports whether a change leaves everything as it is. The text of a follow-up counts,
// its time does not.
func sameWords(a, b *review.Review) bool {
	same := a.Stars == b.Stars && a.Title == b.Title && a.Text == b.Text && a.Language == b.Language &&
		len(a.Attributes) == len(b.Attributes)
	for name, value := range a.Attributes {
		same = same && b.Attributes[name] == value
	}
	if a.FollowUp == nil || b.FollowUp == nil {
		return same && a.FollowUp == b.FollowUp
	}
	return same && a.FollowUp.Stars == b.FollowUp.Stars && a.FollowUp.Text == b.FollowUp.Text
}

// screen assesses whether a review is genuine and holds it when its signals reach the threshold. A review that a
// moderator has approved is not held for its signals again until its text changes. It returns the near copies that
// others wrote.
func (f *Reviews) screen(ctx context.Context, r *review.Review, o *order.Order) (*store.Screening, []fraud.Copy,
	error) {
	signature := similarity.Of(r.Text)
	// Stored as hashes that expire; they are only compared.
	links := store.AccountLinks{Address: addressOf(o), Device: device(ctx), Payment: cardOf(o)}
	sc, err := f.Store.Screen(ctx, r, signature.Buckets(), links)
	if err != nil {
		return nil, nil, err
	}
	// Only candidates that share a bucket are read in full: buckets find most near copies and cost
	// no scan.
	copies, err := f.copies(ctx, signature, sc.Near)
	if err != nil {
		return nil, nil, err
	}
	a := fraud.Assess(fraud.Facts{
		Text: r.Text, Copies: copies, Written: r.Written, Delivered: r.Delivered, Recent: sc.Recent,
		SharedBy: fraud.Shared{
			Address: distinct(sc.Sharing["address"]), Device: distinct(sc.Sharing["device"]),
			Payment: distinct(sc.Sharing["payment"]),
		},
		Author: fraud.Author{
			// One order paid by coupons says nothing; only an account of nothing else does.
			Stars: sc.Author.Stars(), RefundedAfterReward: sc.Author.Refunded, Rejected: sc.Author.NotGood,
			Staff: auth.From(ctx).Operator(), CouponOnly: sc.Author.Covered > 1 && sc.Author.Paid == 0,
		},
		Order: fraud.Order{Paid: o.Totals.Total, Listed: o.Totals.Total + o.Totals.Discount},
	})
	r.Signals = a.Signals
	if a.Hold() {
		hold(r, []review.Finding{{Reason: review.Suspicious}}, f.Clock.Now())
	}
	return sc, copies, nil
}

// covered reports whether discounts covered nine tenths of an order or more.
func covered(o *order.Order) bool {
	// Without discounts there is nothing to cover, and a free order is none.
	listed := o.Totals.Total + o.Totals.Discount
	// A tenth or less was paid.
	return listed > 0 && o.Totals.Total*10 <= listed
}

// copies compares the text with the candidates' and returns those that are nearly the same.
func (f *Reviews) copies(ctx context.Context, s similarity.Signature, near []store.Candidate) (found []fraud.Copy,
	err error) {
	ids := make([]store.ReviewID, len(near))
	for i, c := range near {
		ids[i] = c.ReviewID
	}
	others, err := f.Store.Many(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		// Buckets find candidates with some errors; the comparison of the signatures decides.
		if like := s.Similarity(similarity.Of(other.Text)); like >= similarity.Near {
			// The product is part of the id, because a review is only found together with its
			// product.
			found = append(found, fraud.Copy{ReviewID: other.ProductID + "/" + other.ID, Author: other.AuthorID,
				Similarity: like})
		}
	}
	return found, nil
}

// holdCopies holds the earlier copies of a campaign that was found out: those that were published before there was
// anything to compare them with. It is done after the review is stored; one that fails is found by the next copy, so it
// is only logged.
func (f *Reviews) holdCopies(ctx context.Context, r *review.Review, copies []fraud.Copy) {
	if len(copies) < fraud.ClusterSize {
		return
	}
	now := f.Clock.Now()
	for _, c := range copies {
		productID, reviewID, _ := strings.Cut(c.ReviewID, "/")
		_, err := f.Store.Change(ctx, store.ReviewID{ProductID: productID, ReviewID: reviewID},
			func(other *review.Review) (e store.Effect, changed bool, err error) {
				// What a moderator has approved is not held again.
				if other.State != review.Published || !other.Approved.IsZero() {
					return e, false, nil
				}
				previous := store.Counted(other)
				said, _ := fraud.Campaign(len(copies), r.ProductID+"/"+r.ID, c.Similarity)
				// Replaced and not added, so that a campaign weighs once however often it is found.
				other.Signals = append(slices.DeleteFunc(other.Signals, func(s review.Signal) bool { return s.Name == said.Name }),
					said)
				hold(other, []review.Finding{{Reason: review.Suspicious}}, now)
				e.Body = store.ChangedEvent(other, previous, now)
				return e, true, nil
			})
		if err != nil {
			f.Log.WarnContext(ctx, "a near copy was not held", "review", reviewID, "error", err)
		}
	}
}

// addressOf is a hash of where an order went: street and postal code, so that names make no difference.
func addressOf(o *order.Order) string {
	// Orders of digital goods have no address.
	if o.Address == nil {
		return ""
	}
	a := o.Address
	return hashed("address", strings.ToLower(
		strings.Join(strings.Fields(a.Line1+" "+a.Line2+" "+a.PostalCode+" "+a.Country), " ")))
}

// cardOf is a hash of the card that paid the order, "" for another way to pay or a provider that tells no fingerprint.
func cardOf(o *order.Order) string {
	if o.Payment.Fingerprint == "" {
		return ""
	}
	return hashed("payment", o.Payment.Provider+" "+o.Payment.Fingerprint)
}

// device is a hash of the caller's network address. A household shares one, so it weighs little alone.
func device(ctx context.Context) string { return deviceAt(api.SourceIP(ctx)) }

// deviceAt says nothing of an address that is of this machine or of a private network: behind a proxy, or on a laptop,
// it is everybody's.
func deviceAt(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() {
		return ""
	}
	return hashed("device", addr.Unmap().String())
}

// hashed is 12 bytes of a hash; the purpose keeps equal texts of different kinds apart.
func hashed(purpose, text string) string {
	sum := sha256.Sum256([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(sum[:12])
}

// distinct counts different values: one neighbor with ten reviews is one.
func distinct(all []string) int {
	return len(slices.Compact(slices.Sorted(slices.Values(all))))
}

// sameLetters reports whether two versions say the same, but for stars, spaces, punctuation and case.
func sameLetters(a, b *review.Review) bool {
	return letters(a) == letters(b)
}

// letters are the letters and digits of all that a review says.
func letters(r *review.Review) string {
	text := r.Title + r.Text
	if r.FollowUp != nil {
		text += r.FollowUp.Text
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) && !unicode.IsNumber(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, text)
}
