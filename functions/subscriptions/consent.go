package subscriptions

import (
	"context"
	"fmt"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// consentInput is the subscriber's answer. Explicit and Separate are statements of the storefront,
// stored as part of the proof: consent must be asked for on its own and nothing may be ticked
// before (see compliance.ConsentRule).
type consentInput struct {
	Changing
	Body struct {
		NoticeID    string `json:"noticeId" minLength:"1" maxLength:"200" doc:"Of the notice that was shown."`
		Fingerprint string `json:"fingerprint,omitempty" maxLength:"64" doc:"Of the notice that was shown; a yes needs it."`
		Answer      string `json:"answer" enum:"yes,no"`
		Explicit    bool   `json:"explicit" doc:"They chose it themselves; nothing was ticked before."`
		Separate    bool   `json:"separate" doc:"Asked for on its own, not together with other terms."`
		Channel     string `json:"channel,omitempty" enum:"web,app,mail,phone" default:"web"`
	}
}

// NoticeOutput is what has to be shown before a yes.
type NoticeOutput struct {
	Body struct {
		compliance.ConsentNotice
		Fingerprint string `json:"fingerprint" doc:"Send it back with a yes: it says what was shown."`
		Required    bool   `json:"required" doc:"Without a yes the new price does not begin."`
		ConsentOutcomes
	}
}

// noticeOf fills the question with the words for the way to pay and to cancel, and with what follows from each answer.
func noticeOf(r *service.Record, now time.Time) (compliance.ConsentNotice, bool) {
	// Nothing is being asked.
	if r.Sub.ConsentRequest == nil {
		return compliance.ConsentNotice{}, false
	}
	w := wordsIn(r.Language)
	silent, refused := r.Sub.WithoutYes()
	m := r.Methods[r.Sub.Card.Token]
	// Every combination of kind and outcomes has its own sentence; a test finds one that is
	// missing.
	effect := w.effects[effectOf{r.Sub.ConsentRequest.Kind, silent, refused}]
	return r.Sub.ConsentNotice(m.Brand+" "+m.Last4, w.cancelAt(r, now), effect)
}

// notice answers with the text to show, and its fingerprint. Errors: 404 nothing_asked.
func (f *Subscriptions) notice(ctx context.Context, in *Which) (*NoticeOutput, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	n, ok := noticeOf(r, f.Billing.Clock.Now())
	if !ok {
		return nil, problem.NotFound("nothing_asked", "No consent is being asked for.")
	}
	out := &NoticeOutput{}
	out.Body.ConsentNotice = n
	out.Body.Fingerprint = n.Fingerprint()
	out.Body.Required = r.Sub.ConsentRequest.Required
	out.Body.ConsentOutcomes = outcomesOf(&r.Sub)
	return out, nil
}

// consent stores a yes or a no. A no needs no fingerprint: refusing must always work, whatever page
// was shown. Errors: 409 question_changed and those of the rules.
func (f *Subscriptions) consent(ctx context.Context, in *consentInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) {
		n, ok := noticeOf(r, f.Billing.Clock.Now())
		// Whatever is neither is no consent, and no refusal.
		var wrong problem.Fields
		wrong.OneOf(in.Body.Answer, "/answer", "yes", "no")
		wrong.OneOf(in.Body.Channel, "/channel", "web", "app", "mail", "phone")
		if err := wrong.Err(); err != nil {
			return resolvedChange{}, err
		}
		switch {
		case in.Body.Answer == "no":
			return resolvedChange{command: subscription.Refuse{}}, nil
		// Without an open question the rules answer; here only another question is told apart.
		case ok && (in.Body.NoticeID != n.ID || in.Body.Fingerprint != n.Fingerprint()):
			return resolvedChange{}, problem.Conflict("question_changed",
				"The date or the price is another by now. Please read the notice again.")
		}
		return resolvedChange{command: subscription.Consent{Notice: n, Answer: compliance.ConsentAnswer{
			NoticeID: in.Body.NoticeID, Explicit: in.Body.Explicit, Separate: in.Body.Separate, Channel: in.Body.Channel,
			// The request id leads from the proof to the access log.
			Origin: api.RequestID(ctx),
		}}}, nil
	})
}

// ConsentOutcomes is what happens on the day without a yes.
type ConsentOutcomes struct {
	Silent  subscription.Outcome `json:"ifSilent" enum:"price_begins,price_stays,ends" doc:"When nobody answers."`
	Refused subscription.Outcome `json:"ifRefused" enum:"price_begins,price_stays,ends" doc:"When the answer is no."`
}

// outcomesOf shows both outcomes, so that a storefront can say what each answer means.
func outcomesOf(s *subscription.Subscription) ConsentOutcomes {
	silent, refused := s.WithoutYes()
	return ConsentOutcomes{silent, refused}
}

// effectOf is a decision that a notice has words for.
type effectOf struct {
	kind            compliance.ConsentKind
	silent, refused subscription.Outcome
}

// words are what a notice says about canceling and about each decision.
type words struct {
	cancel  string
	bound   string // cancel, while a minimum term runs; %s is its last day
	effects map[effectOf]string
}

// cancelAt says how to cancel at an instant: in one step, and what a minimum term still takes.
func (w words) cancelAt(r *service.Record, now time.Time) string {
	q, err := r.Sub.Quote(subscription.Cancel{}, now)
	// A quote of canceling says until when a minimum term is charged.
	if err != nil || q.NextPayment == "" {
		return w.cancel
	}
	return fmt.Sprintf(w.bound, q.EndsOn.Add(-1))
}

// wordsIn returns them in Korean or else in English. The effect has to be stated before the consent
// (전자상거래법 시행령 20조의2), so they are part of the notice and of its fingerprint.
func wordsIn(language string) words {
	if language == "ko" {
		return korean
	}
	return english
}

// Short names for the table of texts.
const (
	begins = subscription.PriceBegins
	stays  = subscription.PriceStays
	ends   = subscription.EndsThen
)

// korean are the texts in Korean, checked against the situations by a test.
var korean = words{
	cancel: "내 구독 화면에서 언제든지 한 번에 해지할 수 있습니다.",
	bound:  "내 구독 화면에서 언제든지 한 번에 해지할 수 있습니다. 최소 이용 기간이 남아 있어 %s까지는 결제됩니다.",
	effects: map[effectOf]string{
		{compliance.TrialTurnsPaid, ends, ends}:   "동의하지 않으면 결제되지 않고 체험이 끝날 때 구독이 종료됩니다.",
		{compliance.TrialTurnsPaid, begins, ends}: "답하지 않으면 체험이 끝날 때 결제됩니다. 거부하면 결제되지 않고 체험이 끝날 때 구독이 종료됩니다.",
		{compliance.PriceRises, stays, stays}:     "동의하지 않으면 지금 가격이 그대로 유지됩니다.",
		{compliance.PriceRises, ends, ends}:       "동의하지 않으면 새 가격은 결제되지 않고 그날 구독이 종료됩니다.",
		{compliance.PriceRises, begins, stays}:    "답하지 않으면 새 가격이 결제됩니다. 거부하면 지금 가격이 그대로 유지됩니다.",
		{compliance.PriceRises, begins, ends}:     "답하지 않으면 새 가격이 결제됩니다. 거부하면 새 가격은 결제되지 않고 그날 구독이 종료됩니다.",
	},
}

// english are the texts for every other language.
var english = words{
	cancel: "Cancel at any time, in one step, on the page of your subscription.",
	bound: "Cancel at any time, in one step, on the page of your subscription. " +
		"Your minimum term is charged until %s all the same.",
	effects: map[effectOf]string{
		{compliance.TrialTurnsPaid, ends, ends}: "Without your consent nothing is charged, and the subscription ends with " +
			"the trial.",
		{compliance.TrialTurnsPaid, begins, ends}: "If you do not answer, the price is charged when the trial ends. If you " +
			"refuse, nothing is charged and the subscription ends with the trial.",
		{compliance.PriceRises, stays, stays}: "Without your consent the present price stays.",
		{compliance.PriceRises, ends, ends}: "Without your consent the new price is not charged, and the subscription ends " +
			"on that day.",
		{compliance.PriceRises, begins,
			stays}: "If you do not answer, the new price is charged. If you refuse, the present " +
			"price stays.",
		{compliance.PriceRises, begins, ends}: "If you do not answer, the new price is charged. If you refuse, it is not " +
			"charged, and the subscription ends on that day.",
	},
}
