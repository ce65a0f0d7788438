package reviews

import (
	"context"
	"fmt"
	"time"

	"dangol/events"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/review"
	"dangol/shared/review/recovery"
	"dangol/shared/review/store"
)

// reviewJob does what is due on a review: a held one whose deadline has passed is published, photos that are held too,
// and a published one gets what it has earned.
func (f *Reviews) reviewJob(ctx context.Context, job due.Job) error {
	i, ok := store.ParseKey(job.Key)
	if !ok {
		return fmt.Errorf("reviews: %s job for %s", job.Kind, job.Key)
	}
	now := f.Clock.Now()
	r, err := f.Store.Change(ctx, i, func(r *review.Review) (e store.Effect, changed bool, err error) {
		// A deadline that was moved or met since the job was read.
		if r.DecideBy.IsZero() || now.Before(r.DecideBy) {
			return e, false, nil
		}
		previous := store.Counted(r)
		// Nobody decided in time. Keeping a review back for ever without a reason would be
		// suppression (16 CFR 465.7).
		if r.State == review.Held {
			r.State, r.Reasons = review.Published, nil
		}
		r.ReleaseMedia()
		// Reports that nobody upheld in time count no more.
		r.DecideBy, r.ReportWeight = time.Time{}, 0
		e.Body = store.ChangedEvent(r, previous, now)
		return e, true, nil
	})
	if err != nil {
		return err
	}
	// A review that is held when its reward is due gets it after the decision.
	if r.State == review.Published && !r.RewardAt.IsZero() && !now.Before(r.RewardAt) {
		return f.reward(ctx, r)
	}
	return nil
}

// requestJob asks a buyer for a review, unless there is one.
func (f *Reviews) requestJob(ctx context.Context, job due.Job) error {
	return f.Store.Ask(ctx, job.Key)
}

// recoveryJob notes a missed deadline or invites the author.
func (f *Reviews) recoveryJob(ctx context.Context, job due.Job) error {
	caseID, ok := store.CaseID(job.Key)
	if !ok {
		return fmt.Errorf("reviews: %s job for %s", job.Kind, job.Key)
	}
	now := f.Clock.Now()
	_, err := f.Store.ChangeCase(ctx, caseID, func(c *recovery.Case) (evt event.Body, changed bool, err error) {
		// The case was answered or closed since.
		if c.Due().IsZero() || now.Before(c.Due()) {
			return nil, false, nil
		}
		ref := store.CaseRef(c)
		switch c.Tick(now) {
		case "overdue":
			evt = events.RecoveryDeadlineMissed{RecoveryRef: ref, AnswerBy: c.AnswerBy}
		case "invited":
			evt = events.ReviewUpdateInvited{RecoveryRef: ref}
		}
		return evt, true, nil
	})
	return err
}

// delivered notes each line of a parcel that has arrived, so that its buyer is asked for a review. Repeating changes
// nothing.
func (f *Reviews) delivered(ctx context.Context, _ event.Envelope, e events.OrderDelivered) error {
	// Line by line; repeating skips what is noted already.
	for _, l := range e.Lines {
		err := f.Store.Delivered(ctx, store.Line{
			OrderID: e.OrderID, LineID: l.LineID, ProductID: l.ProductID, VariantID: l.VariantID, CustomerID: e.CustomerID,
			Language: e.Language, Delivered: e.DeliveredAt,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// placed notes that a customer has bought again.
func (f *Reviews) placed(ctx context.Context, _ event.Envelope, e events.OrderPlaced) error {
	if e.CustomerID == "" {
		return nil
	}
	return f.Store.Bought(ctx, e.CustomerID, e.PlacedAt)
}

// canceled takes back what the reviews of a canceled order have earned.
func (f *Reviews) canceled(ctx context.Context, _ event.Envelope, e events.OrderCanceled) error {
	for _, l := range e.Lines {
		if err := f.refunded(ctx, e.OrderID, l.LineID); err != nil {
			return err
		}
	}
	return nil
}

// returned takes back what the reviews of returned lines have earned. A line that was exchanged, or of which nothing
// was accepted, was not refunded.
func (f *Reviews) returned(ctx context.Context, _ event.Envelope, e events.ReturnCompleted) error {
	if e.Refund.Amount == 0 && e.Credit.Amount == 0 {
		return nil
	}
	for _, l := range e.Lines {
		if l.Accepted == 0 {
			continue
		}
		if err := f.refunded(ctx, e.OrderID, l.LineID); err != nil {
			return err
		}
	}
	return nil
}

// orderRefunded takes back what reviews have earned whose line was refunded without a return, or whose order was
// refunded to the last unit. A part of an order's amount is a gesture for no line, and takes nothing back.
func (f *Reviews) orderRefunded(ctx context.Context, _ event.Envelope, e events.OrderRefunded) error {
	refunded := make([]string, 0, len(e.Lines))
	for _, l := range e.Lines {
		refunded = append(refunded, l.LineID)
	}
	if e.Whole {
		o, err := f.Orders.Get(ctx, e.OrderID)
		if err != nil {
			return err
		}
		// Lines named by the event are among all lines, so none is done twice.
		refunded = refunded[:0]
		for _, l := range o.Lines {
			refunded = append(refunded, l.ID)
		}
	}
	for _, lineID := range refunded {
		if err := f.refunded(ctx, e.OrderID, lineID); err != nil {
			return err
		}
	}
	return nil
}

// refunded takes back what the review of a refunded line has earned. The review itself stays: the opinion was formed.
func (f *Reviews) refunded(ctx context.Context, orderID, lineID string) error {
	line, err := f.Store.LineOf(ctx, orderID, lineID)
	// Nothing was delivered or nothing written, so nothing was earned.
	if err != nil || line == nil || line.ReviewID == "" {
		return err
	}
	r, err := f.Store.Get(ctx, store.ReviewID{ProductID: line.ProductID, ReviewID: line.ReviewID})
	if problem.Code(err) == "review_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	// Not rewarded yet: the decision is made now, so that the job does not reward later.
	if r.Reward == nil {
		r, err = f.Store.Change(ctx, store.ReviewID{ProductID: r.ProductID, ReviewID: r.ID},
			func(r *review.Review) (e store.Effect, changed bool, err error) {
				if r.Reward != nil || r.RewardOutcome == review.OutcomeRefunded {
					return e, false, nil
				}
				r.RewardAt, r.RewardOutcome = time.Time{}, review.OutcomeRefunded
				return e, true, nil
			})
		if err != nil {
			return err
		}
	}
	// Also one that was given since it was read.
	return f.takeBack(ctx, r, "refund")
}
