package outbox

import (
	"time"

	"dangol/shared/platform/table"
)

// Rate is what is known of the account's sending rate, shared by all workers. It gives out places in time: the n-th
// mail of a second has the n-th place. Marketing has places of its own that come at 80 % of the rate, so a fifth is
// always left to transactional mail.
type Rate struct {
	table.Key
	Version int `dynamodbav:"version"`
	// All and Marketing are the next free places, in Unix nanoseconds.
	All       int64 `dynamodbav:"all"`
	Marketing int64 `dynamodbav:"marketing"`

	PerSecond float64   `dynamodbav:"perSecond"` // of the account
	Quota     int       `dynamodbav:"quota"`     // mails in 24 hours; -1 for no limit
	Sent      int       `dynamodbav:"sent"`      // in the 24 hours before AskedAt
	Used      int       `dynamodbav:"used"`      // places given out since
	AskedAt   time.Time `dynamodbav:"askedAt"`   // when SES was asked for the account

	Factor      float64   `dynamodbav:"factor"` // of the rate that is used after throttling
	ThrottledAt time.Time `dynamodbav:"throttledAt"`

	// The warm-up of a new domain, as of WarmDay (YYYY-MM-DD, UTC): marketing mails that the day may have, 0 for no limit;
	// those it had; and why it has no more, whatever the limit.
	WarmDay   string `dynamodbav:"warmDay,omitempty"`
	WarmLimit int    `dynamodbav:"warmLimit,omitempty"`
	WarmSent  int    `dynamodbav:"warmSent,omitempty"`
	WarmStop  string `dynamodbav:"warmStop,omitempty"`

	// Paused says why no marketing goes out: reputation, operator. Empty sends.
	Paused string `dynamodbav:"paused"`
}

const (
	// marketingShare of the rate and of the day's quota is the most that marketing may use.
	marketingShare = 0.8
	// recovery is how long after throttling the whole rate is used again.
	recovery = time.Minute
	// slowest is the smallest part of the rate that throttling leads to.
	slowest = 0.05
	// askAgain is how long what SES said of the account counts.
	askAgain = 10 * time.Minute
	// sandboxRate is used until SES has said what the account may send: one a second, as in the sandbox.
	sandboxRate = 1
)

// MaxWait is how far ahead places are given out. Who would have to wait longer comes again.
const MaxWait = 10 * time.Second

// Stale reports whether SES has to be asked for the account again.
func (r Rate) Stale(now time.Time) bool {
	return r.AskedAt.IsZero() || now.Sub(r.AskedAt) >= askAgain || now.Before(r.AskedAt)
}

// Account takes over what SES says of the account.
func (r Rate) Account(perSecond float64, quota, sent int, now time.Time) Rate {
	r.PerSecond, r.Quota, r.Sent, r.Used, r.AskedAt = perSecond, quota, sent, 0, now
	return r
}

// WarmedUp takes over how far the warm-up is on the day of now.
func (r Rate) WarmedUp(w WarmUp, now time.Time) Rate {
	r.WarmDay, r.WarmLimit, r.WarmSent, r.WarmStop = now.UTC().Format(time.DateOnly), w.Limit, w.Sent, w.Stop
	return r
}

// Effective is how many mails a second are sent now: after throttling half of what was sent, then more again.
func (r Rate) Effective(now time.Time) float64 {
	rate := r.PerSecond
	if rate <= 0 {
		rate = sandboxRate
	}
	return rate * r.factor(now)
}

// factor is the part of the rate that is used now. After throttling it grows back to 1 in a
// straight line.
func (r Rate) factor(now time.Time) float64 {
	if r.ThrottledAt.IsZero() || now.Sub(r.ThrottledAt) >= recovery {
		return 1
	}
	passed := max(0, float64(now.Sub(r.ThrottledAt))/float64(recovery))
	return r.Factor + (1-r.Factor)*passed
}

// Throttled halves the rate that is used. Several answers of one second count once: they were sent at the same rate.
func (r Rate) Throttled(now time.Time) Rate {
	if !r.ThrottledAt.IsZero() && now.Sub(r.ThrottledAt) < time.Second {
		return r
	}
	r.Factor, r.ThrottledAt = max(slowest, r.factor(now)/2), now
	return r
}

// Grant is the answer to a request for places.
type Grant struct {
	Places int
	Wait   time.Duration // until the first
	Step   time.Duration // from one to the next
	// Later is when to ask again where there are no places now.
	Later time.Time
	Why   string // paused, quota, busy
}

// Reserve gives out n places. A refused request uses up none.
func (r Rate) Reserve(n int, marketing bool, now time.Time) (Rate, Grant) {
	if marketing {
		switch {
		case r.Paused != "":
			// Only marketing stops: order mails must go out whatever the reputation is.
			return r, Grant{Later: now.Add(askAgain), Why: "paused: " + r.Paused}
		case r.WarmStop != "":
			return r, Grant{Later: now.Add(askAgain), Why: "warm-up: " + r.WarmStop}
		case r.WarmLimit > 0 && r.WarmSent >= r.WarmLimit:
			return r, Grant{Later: now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour), Why: "warm-up: the day is full"}
		case r.Quota > 0 && float64(r.Sent+r.Used+n) > marketingShare*float64(r.Quota):
			return r, Grant{Later: now.Add(askAgain), Why: "quota"}
		}
	}
	if marketing && r.WarmLimit > 0 {
		n = min(n, r.WarmLimit-r.WarmSent)
	}
	rate := r.Effective(now)
	first := max(r.All, now.UnixNano())
	if marketing {
		first = max(first, r.Marketing)
	}
	wait := time.Duration(first - now.UnixNano())
	if wait > MaxWait {
		return r, Grant{Later: now.Add(wait), Why: "busy"}
	}
	// The next place is free when these n have been sent at the rate.
	r.All = first + int64(float64(n)/rate*1e9)
	if marketing {
		r.Marketing = first + int64(float64(n)/(marketingShare*rate)*1e9)
		r.WarmSent += n
	}
	r.Used += n
	return r, Grant{Places: n, Wait: wait, Step: time.Duration(1e9 / rate)}
}
