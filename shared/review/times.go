package review

import "time"

// When what happens to a review.
const (
	// DecideWithin is how long a review is held at most: when no moderator decides by then, it is published.
	DecideWithin = 72 * time.Hour
	// FirstRequest is how long after delivery the buyer is asked for a review.
	FirstRequest = 7 * 24 * time.Hour
	// FollowUpAfter is how long after delivery the buyer is asked for the follow-up, whatever the first review said, and
	// how long after delivery a follow-up can be written.
	FollowUpAfter = 30 * 24 * time.Hour
	// WriteWithin is how long after delivery a review can be written.
	WriteWithin = 365 * 24 * time.Hour
	// DuplicatesFor is how long a text is compared with later ones.
	DuplicatesFor = 180 * 24 * time.Hour
)
