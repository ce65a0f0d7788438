package review

// Weights of reports, in hundredths of a plain report.
const (
	PlainReport = 100
	// HoldWeight is the sum of weights at which a published review is held for a moderator.
	HoldWeight = 300
)

// Reporter is what is known of somebody who reports: how their earlier reports were decided.
type Reporter struct {
	Upheld    int `dynamodbav:"upheld,omitempty"`
	Dismissed int `dynamodbav:"dismissed,omitempty"`
}

// Weight is what a report of theirs counts: PlainReport without a record, up to twice that for reporters who were
// right, down to a tenth for those who were not. It is the share of upheld reports with one virtual upheld and one
// dismissed report.
func (r Reporter) Weight() int {
	return max(PlainReport/10, 2*PlainReport*(r.Upheld+1)/(r.Upheld+r.Dismissed+2))
}
