package faq

// Verdict says what to do with the hits of a question.
type Verdict string

// The verdicts.
const (
	Sure    Verdict = "answer" // give the best hit's answer
	Unsure  Verdict = "ask"    // ask which of the hits is meant
	Unknown Verdict = "none"   // say that there is no answer
)

// choices is how many hits an unsure verdict offers.
const choices = 3

// Thresholds are the confidences from which a hit counts. They are the result of holding back phrasings of the demo
// FAQ, see Measure.
type Thresholds struct {
	// Answer is the confidence of a sure hit.
	Answer float64
	// Ask is the confidence from which hits are offered.
	Ask float64
	// Margin is by how much of its own score a sure hit must be ahead of the second.
	Margin float64
}

// Default thresholds.
var Default = Thresholds{Answer: 0.5, Ask: 0.26, Margin: 0.2}

// Decide judges the hits of a question, best first: answer with the first, ask which of at most three, or neither.
func (t Thresholds) Decide(hits []Hit) (Verdict, []Hit) {
	if len(hits) == 0 || hits[0].Confidence < t.Ask {
		return Unknown, nil
	}
	// Far enough ahead of the second: two close hits are a question of what was meant.
	if hits[0].Confidence >= t.Answer && (len(hits) == 1 || (hits[0].Score-hits[1].Score)/hits[0].Score >= t.Margin) {
		return Sure, hits[:1]
	}
	return Unsure, hits[:min(choices, len(hits))]
}
