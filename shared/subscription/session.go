package subscription

import "time"

// ActionTime is how long the cardholder has to pass the bank's challenge. It is as long as a checkout holds its stock
// and more: a banking app may have to be installed first. Afterwards the payment is withdrawn at the provider, so that
// it cannot succeed when nobody waits for it any more.
const ActionTime = 15 * time.Minute

// Session says that the cardholder is present while a payment is made: the bank may ask for them at once (strong
// customer authentication, PSD2 RTS article 4), and a decline is answered and not mailed.
type Session struct {
	// ReturnURL is where the bank's challenge sends the shopper back to; "" for the provider's own page.
	ReturnURL string `json:"returnUrl,omitempty"`
	// Keep says that the card is a token of the provider's form: the payment itself keeps it for the renewals, so that the
	// cardholder passes one challenge and not two.
	Keep bool `json:"keep,omitempty"`
}

// Action is a challenge that a bank wanted the cardholder to pass, and what came of it. The last one stays, so that
// whoever comes back from the bank late is still told the outcome.
type Action struct {
	AttemptKey string      `json:"attemptKey"`
	URL        string      `json:"url,omitempty"` // while it is open
	Until      time.Time   `json:"until"`
	State      ActionState `json:"state"`
	Code       string      `json:"code,omitempty"` // of the decline
}

// ActionState is what became of a challenge.
type ActionState string

// The states of a challenge.
const (
	ActionOpen   ActionState = "open"
	ActionPaid   ActionState = "paid"
	ActionFailed ActionState = "failed"
)

// CodeActionExpired is the decline code of a payment whose challenge nobody passed in time.
const CodeActionExpired = "authentication_expired"

// CodeInvalidMethod is the decline code of a card that the provider does not know.
const CodeInvalidMethod = "invalid_method"

// ActionRequired is the outcome of a Charge with a Session: the bank wants the cardholder at URL. The charge stays in
// flight until that has an outcome or ActionTime is over.
type ActionRequired struct {
	Key     string
	Attempt int
	URL     string
}

// name is the command's name in history and problems.
func (ActionRequired) name() string { return "action_required" }

// ApplyOnSession is Apply for a command of somebody who is there: what it charges, the bank may ask them about.
func (s Subscription) ApplyOnSession(c Command, session *Session, at time.Time) (Subscription, []Effect, error) {
	return s.apply(c, &run{at: at.UTC(), session: session})
}

// OpenAction is the challenge that the cardholder has to pass now; nil when there is none.
func (s *Subscription) OpenAction() *Action {
	if s.Action == nil || s.Action.State != ActionOpen || s.Open == nil || !s.Open.InFlight ||
		s.Open.AttemptKey() != s.Action.AttemptKey {
		return nil
	}
	return s.Action
}

// Begun reports whether there is a subscription: one whose first payment is not made is a request for one.
func (s *Subscription) Begun() bool { return !s.Unbegun }

// do notes the challenge and waits for it. News of another attempt is old and changes nothing.
func (c ActionRequired) do(r *run) error {
	o := r.s.Open
	if o == nil || o.Key != c.Key || !o.InFlight || o.Attempt != c.Attempt {
		return nil
	}
	if a := r.s.OpenAction(); a != nil {
		if a.URL == c.URL {
			return nil // asked again before it is passed; the time does not begin anew
		}
		// The provider may make a new address for the same challenge; the cardholder's time goes
		// on.
		a.URL = c.URL
		r.note = "the bank asks for the cardholder elsewhere"
		return nil
	}
	r.s.Action = &Action{AttemptKey: o.AttemptKey(), URL: c.URL, Until: r.at.Add(ActionTime), State: ActionOpen}
	// The charge is looked up when the time is over, also when nobody comes back.
	o.CheckAt = r.s.Action.Until
	r.note = "the bank asks for the cardholder"
	return nil
}

// closeAction writes down what became of the challenge of the charge in flight, if there was one.
func (r *run) closeAction(state ActionState, code string) {
	if a := r.s.OpenAction(); a != nil {
		a.State, a.URL, a.Code = state, "", code
	}
}

// actionIsOver reports whether the charge in flight waits for a cardholder who has not come in time.
func (r *run) actionIsOver() bool {
	a := r.s.OpenAction()
	return a != nil && !r.at.Before(a.Until)
}
