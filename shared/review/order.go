package review

import (
	"fmt"
	"time"
)

// A review counts as new, and is given one of the places for new reviews, until it has NewVotes votes or is NewFor old.
// Without such places a review that nobody has seen could never collect votes.
const (
	NewVotes = 5
	NewFor   = 30 * 24 * time.Hour
	// NewEvery is which place in the list by helpfulness is for a new review: every fifth.
	NewEvery = 5
)

// IsNew reports whether a review takes one of the places for new reviews at a moment.
func IsNew(helpful, unhelpful int, written, at time.Time) bool {
	return helpful+unhelpful < NewVotes && at.Sub(written) < NewFor
}

// HelpfulPlace is the sort key of a review in the list by helpfulness: the Wilson bound of its votes, then the time it
// was written. It takes no stars.
func HelpfulPlace(helpful, unhelpful int, written time.Time, id string) string {
	// Six digits of the bound, so that the text sorts like the number.
	return fmt.Sprintf("%06d#%s#%s", int(Wilson(helpful, helpful+unhelpful)*1e6), Moment(written), id)
}

// StarsPlace is the sort key of a review in the list by stars; within a rating newer ones come last.
func StarsPlace(rating int, written time.Time, id string) string {
	return fmt.Sprintf("%d#%s#%s", rating, Moment(written), id)
}

// Moment writes a time so that texts sort as the times do.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Interleave makes a page of at most limit entries from the most helpful ones and the new ones, each in its own order:
// every NewEvery-th place goes to a new one, and when one kind runs out the other fills its places. start is how many
// places the pages before had. It returns how many of each were used.
func Interleave[T any](helpful, fresh []T, start, limit int) (page []T, usedHelpful, usedFresh int) {
	for len(page) < limit && usedHelpful+usedFresh < len(helpful)+len(fresh) {
		forNew := (start+len(page)+1)%NewEvery == 0
		if usedFresh < len(fresh) && (forNew || usedHelpful == len(helpful)) {
			page = append(page, fresh[usedFresh])
			usedFresh++
			continue
		}
		if usedHelpful == len(helpful) {
			break
		}
		page = append(page, helpful[usedHelpful])
		usedHelpful++
	}
	return page, usedHelpful, usedFresh
}
