// Package campaign is the rules of one message to many people: its states, who gets which variant when, when it is too
// late, which variant won, and how far it is.
//
// The audience is frozen in pages when the campaign starts. A page is done when every recipient on it is settled, and
// progress is the sum of what the pages say, so the numbers can be computed again at any time.
package campaign

import (
	"hash/fnv"
	"math"
	"slices"
	"time"
	_ "time/tzdata" // recipients are in all zones, the Lambda image has none
)

// Status is where a campaign is.
type Status string

// The states.
const (
	Draft     Status = "draft"
	Scheduled Status = "scheduled"
	Freezing  Status = "freezing" // its audience is being written down
	Sending   Status = "sending"
	Paused    Status = "paused"
	Finished  Status = "finished"
	Stopped   Status = "stopped" // by a person, or because it was too late
)

// steps are the changes of state that may be made.
var steps = map[Status][]Status{
	Draft:     {Scheduled, Stopped},
	Scheduled: {Draft, Freezing, Stopped},
	Freezing:  {Sending, Stopped},
	Sending:   {Paused, Finished, Stopped},
	Paused:    {Sending, Stopped},
}

// May reports whether a campaign may go from one state to another. Finished and stopped are final.
func May(from, to Status) bool { return slices.Contains(steps[from], to) }

// Clock says by whose clock a campaign starts.
type Clock string

// The clocks.
const (
	ShopClock      Clock = "shop"
	RecipientClock Clock = "recipient"
)

// earliest is how far ahead of UTC the first place on earth is (Kiritimati), latest how far behind the last (Baker
// Island).
const (
	earliest = 14 * time.Hour
	latest   = -12 * time.Hour
)

// SendAt is when a recipient's message is due. local is the date and time on the wall, its zone is ignored. A reading
// that the zone leaves out is the instant an hour later.
func SendAt(local time.Time, by Clock, shop, recipient *time.Location) time.Time {
	zone := shop
	// A recipient whose zone is not known gets it by the clock of the shop.
	if by == RecipientClock && recipient != nil {
		zone = recipient
	}
	return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, zone).UTC()
}

// FreezeAt is when the audience has to be written down: when the first recipient can be due.
func FreezeAt(local time.Time, by Clock, shop *time.Location) time.Time {
	if by == RecipientClock {
		return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0,
			time.UTC).Add(-earliest)
	}
	return SendAt(local, by, shop, nil)
}

// LastDue is when the last recipient can be due.
func LastDue(local time.Time, by Clock, shop *time.Location) time.Time {
	if by == RecipientClock {
		return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC).Add(-latest)
	}
	return SendAt(local, by, shop, nil)
}

// DecideAt is when the variants of a test are compared: for all at one time, when the last recipient of the test has
// had the wait to read theirs.
func DecideAt(local time.Time, by Clock, shop *time.Location, wait time.Duration) time.Time {
	return LastDue(local, by, shop).Add(wait)
}

// RestAt is when the message of a recipient of the rest is due: the wait after their own time of day, on the first day
// on which the test is decided by then. By the recipient's clock the last zone is more than a day behind the first.
func RestAt(local time.Time, by Clock, shop, recipient *time.Location, wait time.Duration) time.Time {
	decided := DecideAt(local, by, shop, wait)
	for day := 0; ; day++ {
		if at := SendAt(local.AddDate(0, 0, day), by, shop, recipient).Add(wait); !at.Before(decided) {
			return at
		}
	}
}

// TooLate reports whether a message planned for a time may no longer be sent.
func TooLate(planned, now time.Time, most time.Duration) bool { return now.Sub(planned) > most }

// Test is an A/B test: Percent of the audience get one of the variants at the start, the rest get the winner after
// Wait.
type Test struct {
	Percent  int           `json:"percent" dynamodbav:"percent"`
	Wait     time.Duration `json:"wait" dynamodbav:"wait"`
	Variants []string      `json:"variants" dynamodbav:"variants"`
}

// Assignment is which part of the audience somebody is in.
type Assignment struct {
	Holdout bool
	Tester  bool
	Variant string // of a tester
}

// Assign draws by hash, so that the same person is in the same part when a page is worked twice. Holdout and test are
// drawn apart from each other and from other campaigns.
func Assign(campaign, person string, holdout int, test *Test) Assignment {
	// Drawn before the test, so that the holdout is a fair part of everybody.
	if draw("holdout", campaign, person)%100 < uint64(max(holdout, 0)) {
		return Assignment{Holdout: true}
	}
	if test == nil || len(test.Variants) == 0 || draw("test", campaign, person)%100 >= uint64(max(test.Percent, 0)) {
		return Assignment{}
	}
	return Assignment{Tester: true, Variant: test.Variants[draw("variant", campaign, person)%uint64(len(test.Variants))]}
}

// draw is a number that depends only on its parts. The zero byte keeps "ab","c" and "a","bc" apart.
func draw(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	// The low bits of FNV depend little on the last bytes; folding spreads them.
	sum := h.Sum64()
	return sum ^ sum>>32
}

// Result is what a variant brought among its testers.
type Result struct {
	Variant string `json:"variant"`
	Sent    int    `json:"sent"`
	Clicked int    `json:"clicked"` // people, not machines
}

// rate is the share of people who clicked.
func (r Result) rate() float64 {
	if r.Sent == 0 {
		return 0
	}
	return float64(r.Clicked) / float64(r.Sent)
}

// Winner picks the variant with the greatest share of people who clicked; of equals the first. sure is whether a
// two-sided test of two shares against the next best says so at 95 %: the report tells, and the campaign goes on in any
// case. ok is false when nothing was sent.
func Winner(results []Result) (variant string, sure, ok bool) {
	// A variant that nobody was sent has no rate and cannot win.
	sent := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Sent <= 0 })
	if len(sent) == 0 {
		return "", false, false
	}
	slices.SortStableFunc(sent, func(a, b Result) int {
		switch {
		case a.rate() > b.rate():
			return -1
		case a.rate() < b.rate():
			return 1
		}
		return 0
	})
	return sent[0].Variant, len(sent) > 1 && differs(sent[0], sent[1]), true
}

// differs is the pooled z-test of two shares.
func differs(a, b Result) bool {
	pooled := float64(a.Clicked+b.Clicked) / float64(a.Sent+b.Sent)
	spread := math.Sqrt(pooled * (1 - pooled) * (1/float64(a.Sent) + 1/float64(b.Sent)))
	// The two-sided 95 % point of the normal distribution.
	return spread > 0 && math.Abs(a.rate()-b.rate())/spread > 1.959964
}

// Tally is what became of the recipients of a page, or of a whole campaign.
type Tally struct {
	Recipients int `json:"recipients" dynamodbav:"recipients"`
	Sent       int `json:"sent" dynamodbav:"sent"`
	Rejected   int `json:"rejected" dynamodbav:"rejected"` // by SES, for good
	Unknown    int `json:"unknown" dynamodbav:"unknown"`   // it is not known whether SES took it
	Withheld   int `json:"withheld" dynamodbav:"withheld"` // by the gate, the holdout or lateness
	Canceled   int `json:"canceled" dynamodbav:"canceled"` // by stopping
}

// Settled is how many need nothing more.
func (t Tally) Settled() int { return t.Sent + t.Rejected + t.Unknown + t.Withheld + t.Canceled }

// Open is how many are still to come. It is never negative: a page that counts somebody twice is a fault that Balanced
// finds.
func (t Tally) Open() int { return max(0, t.Recipients-t.Settled()) }

// Balanced reports whether no recipient is counted twice.
func (t Tally) Balanced() bool { return t.Settled() <= t.Recipients }
